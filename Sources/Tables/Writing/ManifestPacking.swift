import Iceberg

/// Which manifests of a snapshot are written anew as one, so that their number does not grow with every append.
///
///     new first     [ m9 | m8 m7 … m1 | M ]     M at the target size stays, the rest becomes one
///
/// Manifests of one partition spec are packed from the oldest on into bins of the target size. A bin becomes one
/// manifest; but the bin of the new files only when it has enough of them, or each append would write it anew.
///
/// Source: Apache Iceberg, table properties `commit.manifest.*`, whose defaults these are.
struct ManifestPacking: Sendable, Hashable {
    var targetBytes: Int64
    var minimumCount: Int

    /// Nil when the table does not want it.
    init?(properties: [String: String]) {
        guard properties.isOn("commit.manifest-merge.enabled", byDefault: true) else { return nil }
        func number(_ name: String, _ usual: Int64) -> Int64 {
            properties[name].flatMap { Int64($0) }.flatMap { $0 > 0 ? $0 : nil } ?? usual
        }
        targetBytes = min(number("commit.manifest.target-size-bytes", 8 << 20), TableFiles.byteLimit / 8)
        minimumCount = max(2, Int(clamping: number("commit.manifest.min-count-to-merge", 100)))
    }

    /// Positions in `manifests`, in groups to be merged; those in none stay. `newCount` at the front are new.
    func groups(_ manifests: [ManifestFile], newCount: Int) -> [[Int]] {
        var groups: [[Int]] = []
        let specs = Set(manifests.map(\.specID)).sorted()
        for spec in specs {
            let mine = manifests.indices.filter { manifests[$0].specID == spec && canMerge(manifests[$0]) }
            for bin in bins(of: mine, manifests) where bin.count > 1 {
                let hasNew = bin.contains { $0 < newCount }
                if !hasNew || bin.count >= minimumCount { groups.append(bin) }
            }
        }
        return groups
    }

    /// Deletes keep their manifests: few are written, and readers look for them first.
    private func canMerge(_ manifest: ManifestFile) -> Bool {
        manifest.content == .data && manifest.length >= 0 && manifest.keyMetadata == nil
    }

    private func bins(of positions: [Int], _ manifests: [ManifestFile]) -> [[Int]] {
        var bins: [[Int]] = []
        var bin: [Int] = []
        var bytes: Int64 = 0
        for position in positions.reversed() {
            let length = manifests[position].length
            if !bin.isEmpty, bytes > targetBytes - min(length, targetBytes) {
                bins.append(bin.reversed())
                (bin, bytes) = ([], 0)
            }
            bin.append(position)
            bytes += min(length, targetBytes)
        }
        if !bin.isEmpty { bins.append(bin.reversed()) }
        return bins
    }
}
