import Iceberg
import Metastore

/// Decision 7: a table's location lies inside its warehouse's bucket and overlaps no other table's, and every path the
/// table's metadata or properties name lies inside the location.
enum LocationRules {
    /// Properties by which a writer would put files somewhere of its own choice.
    private static let pathProperties = [
        "write.data.path", "write.metadata.path", "write.object-storage.path", "write.folder-storage.path",
    ]

    /// An object's key has at most 1,024 bytes, and names of files and partitions follow.
    private static let keyLimitBytes = 700

    /// How a location is stored and compared: with the slash that makes `lake/a` no beginning of `lake/ab`.
    static func key(_ location: TableLocation) -> String { location.uri + "/" }

    /// - Errors: `ICE-108`, `CAT-205`.
    static func check(_ text: String, in warehouse: Warehouse) throws -> TableLocation {
        let location = try TableLocation(text)
        guard location.bucket == warehouse.bucket else {
            throw CatalogError(
                .locationOutside, "the location is not in the warehouse's bucket",
                ["location": location, "bucket": warehouse.bucket],
                hint: "leave the location out, or choose one below s3://\(warehouse.bucket)/")
        }
        guard location.key.utf8.count <= keyLimitBytes else {
            throw CatalogError(
                .limitExceeded, "the location is too long",
                ["bytes": location.key.utf8.count, "most": keyLimitBytes])
        }
        return location
    }

    /// Every file the metadata points at and every folder it tells writers to use. Of a change to a table only what
    /// its `updates` bring: the rest was checked when it came, and there may be thousands of snapshots.
    ///
    /// - Errors: `CAT-205`. Manifests and data files are checked where manifests are read.
    static func check(
        _ metadata: TableMetadata, in location: TableLocation, changedBy updates: [TableUpdate]? = nil
    ) throws(CatalogError) {
        var snapshots: [Snapshot] = []
        if let updates {
            for case .addSnapshot(let snapshot) in updates { snapshots.append(snapshot) }
        } else {
            snapshots = metadata.snapshots
        }
        let statistics = metadata.statistics + metadata.partitionStatistics
        let files =
            snapshots.flatMap { ($0.manifestList.map { [$0] } ?? []) + $0.manifests }
            + statistics.map(\.path) + (updates == nil ? metadata.metadataLog.map(\.metadataFile) : [])
        for path in files where !location.contains(path) { throw outside(path, location) }
        for name in pathProperties {
            if let path = metadata.properties[name], !location.contains(path) {
                throw outside(path, location)
            }
        }
    }

    static func outside(_ path: String, _ location: TableLocation) -> CatalogError {
        CatalogError(
            .locationOutside, "a path of the table lies outside its location",
            ["path": path, "location": location])
    }

    /// `mover` is the id of the table or view whose own location does not count.
    ///
    /// - Errors: `CAT-206` when a table or view owns the location, a folder around it or one inside it, or when a purge
    ///   is not through with it.
    static func requireFree(
        _ location: TableLocation, movedBy mover: String = "", _ transaction: Transaction
    ) throws {
        let key = key(location)
        let around = foldersAround(key)
        let marks = Array(repeating: "?", count: around.count).joined(separator: ", ")
        // What begins with `key` sorts from it up to the same text with `/` replaced by the byte after it.
        let end = location.uri + "0"
        let overlaps = "(location IN (\(marks)) OR (location >= ? AND location < ?))"
        let texts = around.map { SQLValue.text($0) } + [.text(key), .text(end)]
        for owners in ["tables", "views"] {
            let owner = try transaction.first(
                "SELECT location FROM \(owners) WHERE \(overlaps) AND id <> ? LIMIT 1",
                texts + [.text(mover)])
            guard owner != nil else { continue }
            // Not which: the caller may not be allowed to know of that table.
            throw CatalogError(
                .locationOverlaps, "the location of another table or view overlaps this one",
                ["location": location])
        }
        if try transaction.first("SELECT location FROM purges WHERE \(overlaps) LIMIT 1", texts) != nil {
            throw CatalogError(
                .locationOverlaps, "files of a purged table are still being deleted there",
                ["location": location],
                hint: "wait until they are gone, or choose another location")
        }
    }

    /// Which of the folders a table, view or purge owns; nil for none.
    static func owned(
        among folders: [String], _ transaction: Transaction
    ) throws(MetastoreError) -> String? {
        let marks = Array(repeating: "?", count: folders.count).joined(separator: ", ")
        let texts = folders.map { SQLValue.text($0) }
        for owners in ["tables", "views", "purges"] {
            let owner = try transaction.first(
                "SELECT location FROM \(owners) WHERE location IN (\(marks)) LIMIT 1", texts)
            if let owner { return try owner.text("location") }
        }
        return nil
    }

    /// `s3://lake/`, `s3://lake/a/` and `s3://lake/a/b/` for `s3://lake/a/b/`, as for an object inside; a key has at most
    /// 1,024 bytes, so they are few.
    static func foldersAround(_ key: String) -> [String] {
        let start = "s3://".utf8.count
        let bytes = key.utf8
        // Bytes: to characters a folder that begins with a combining mark would end behind the mark.
        return bytes.indices.filter { bytes[$0] == UInt8(ascii: "/") }
            .map { String(key[..<bytes.index(after: $0)]) }.filter { $0.utf8.count > start }
    }
}
