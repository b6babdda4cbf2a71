import Catalogs
import Iceberg
import Tables

/// Data files that wait for their commit, and the table they are for.
struct TableFiles: Sendable {
    enum Role: Sendable, Equatable {
        /// The sink's own table. Where rows have landed in it before, another one of its name is another table.
        case rows(hasLanded: Bool)
        case rejects
    }

    /// Data files that go with a commit, and the snapshot their rows were read at.
    struct Replaced: Sendable {
        var paths: Set<String> = []
        var snapshotID: Int64
    }

    /// Whose catalog and services land them.
    let sink: CatalogSink
    var table: LoadedTable
    var files: [DataFile]
    let role: Role
    /// What these are in the place of.
    var replaced: Replaced?
    /// One for each statement that wrote them.
    var commits: [SinkCommit]

    var isEmpty: Bool { files.isEmpty && replaced == nil }

    /// True where one commit can move only one of them.
    func isSameTable(as other: TableFiles) -> Bool {
        table.warehouse.id == other.table.warehouse.id && table.identifier == other.table.identifier
    }

    /// - Errors: `tableReplaced`, `rejectsReplaced` when the table is another one by now.
    func require(_ current: LoadedTable) throws(PipelinesError) {
        if current.uuid != table.uuid { throw gone }
    }

    var gone: PipelinesError {
        guard role == .rejects else { return CatalogSink.replaced(table.identifier, uuid: table.uuid) }
        return PipelinesError(
            .rejectsReplaced, "the table of rejects was dropped or replaced meanwhile",
            ["table": table.identifier], hint: "it is made again, and the events are read once more")
    }
}
