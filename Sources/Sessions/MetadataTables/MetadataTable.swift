import Columnar
import Iceberg
import Planner
import Scheduling
import Tables

/// The tables about a table, named behind its name: `web.clicks.snapshots`.
///
/// Names and columns are those of Iceberg's other engines.
enum MetadataTable: String, CaseIterable {
    case snapshots, history, refs, files, manifests, partitions
    case dataFiles = "data_files"
    case deleteFiles = "delete_files"

    /// More files than this are not listed in one answer.
    static let rowLimit = 1_000_000

    init?(named name: String) { self.init(rawValue: name.lowercased()) }

    /// Whether the time travelled to matters.
    var isOfSnapshot: Bool {
        switch self {
        case .snapshots, .history, .refs: false
        case .files, .dataFiles, .deleteFiles, .manifests, .partitions: true
        }
    }

    /// - Errors: `TAB-1xx`, `SES-106`, the store's own.
    func rows(
        of metadata: TableMetadata, at snapshot: Snapshot?, engine: QueryEngine, token: CancellationToken
    ) async throws -> (schema: Schema, rows: [[Scalar]]) {
        switch self {
        case .snapshots: return SnapshotRows.snapshots(metadata)
        case .history: return SnapshotRows.history(metadata)
        case .refs: return SnapshotRows.refs(metadata)
        case .files, .dataFiles, .deleteFiles, .manifests, .partitions: break
        }
        let files = try FileRows(metadata: metadata, snapshot: snapshot, engine: engine, token: token)
        switch self {
        case .manifests: return try await files.manifests()
        case .partitions: return try await files.partitions()
        case .dataFiles: return try await files.files { $0 == .data }
        case .deleteFiles: return try await files.files { $0 != .data }
        default: return try await files.files { _ in true }
        }
    }
}
