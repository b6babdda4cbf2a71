import Catalogs
import Columnar
import Iceberg
import JSONText
import Tables

/// The body of a scan to plan.
///
///     {"snapshot-id": 7, "select": ["id"], "filter": {…}, "stats-fields": ["id"], "min-rows-requested": 100}
///
/// Source: Iceberg REST catalog specification, `PlanTableScanRequest`.
struct PlanRequest {
    private let body: RequestObject

    init(_ body: RequestObject) { self.body = body }

    /// - Errors: `CTA-101` for snapshots that do not go together, `CTA-102`, `ICE-111` for names the schema does not have.
    func query(for metadata: TableMetadata, _ limits: PlanLimits) throws -> PlanQuery {
        let range = try range(metadata)
        let schema = try schema(range, metadata)
        let isCaseSensitive = try body["case-sensitive"].map { _ in try body.flag("case-sensitive") } ?? true
        let names = FieldNames(schema, caseSensitive: isCaseSensitive)
        for name in try body.strings("select") where name != "*" { _ = try names.place(named: name) }
        let stats = try body.strings("stats-fields").compactMap { try names.place(named: $0).field.id }
        let rows = try body.optionalLong("min-rows-requested")
        if let rows, rows < 0 { throw Self.contradiction("min-rows-requested is no negative number") }
        if let filter = body["filter"], filter.serialized().count > limits.filterBytes {
            throw CatalogAPIError(
                .malformedParameter, "the filter is too long", ["most-bytes": limits.filterBytes])
        }
        return PlanQuery(
            range: range, schemaID: schema.schemaID, filter: body["filter"],
            isCaseSensitive: isCaseSensitive, statsFields: stats, rowsWanted: rows)
    }

    private func range(_ metadata: TableMetadata) throws -> SnapshotRange? {
        let single = try body.optionalLong("snapshot-id")
        let ends = (try body.optionalLong("start-snapshot-id"), try body.optionalLong("end-snapshot-id"))
        switch (single, ends) {
        case (nil, (nil, nil)): return metadata.currentSnapshotID.map { .snapshot($0) }
        case (let id?, (nil, nil)):
            try require(id, metadata)
            return .snapshot(id)
        case (nil, (let start?, let end?)):
            try require(start, metadata)
            try require(end, metadata)
            return .appended(after: start, upTo: end)
        case (nil, _): throw Self.contradiction("start-snapshot-id and end-snapshot-id go together")
        case (_?, _):
            throw Self.contradiction("snapshot-id goes without start-snapshot-id and end-snapshot-id")
        }
    }

    /// A scan of a snapshot the table does not have is a bad request: 404 would say that there is no table.
    private func require(_ id: Int64, _ metadata: TableMetadata) throws {
        guard metadata.snapshot(withID: id) != nil else {
            throw IcebergError(.invalidScan, "the table has no such snapshot", ["snapshot-id": id])
        }
    }

    private func schema(_ range: SnapshotRange?, _ metadata: TableMetadata) throws -> IcebergSchema {
        let id: Int64? =
            switch range {
            case .snapshot(let id): id
            case .appended(_, let end): end
            case nil: nil
            }
        guard try body.flag("use-snapshot-schema"),
            let snapshot = id.flatMap({ metadata.snapshot(withID: $0) })
        else { return metadata.currentSchema }
        return metadata.schema(of: snapshot)
    }

    private static func contradiction(_ summary: String) -> CatalogAPIError {
        CatalogAPIError(.malformedParameter, summary)
    }
}
