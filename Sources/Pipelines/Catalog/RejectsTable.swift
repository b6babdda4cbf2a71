import Catalogs
import Columnar
import Effects
import Iceberg
import Streams

/// The table of events that became no row: one for each stream, in the namespace `rejects`.
enum RejectsTable {
    static let namespace = "rejects"
    static let timeColumn = "received_at"
    static let runColumn = "run"

    static func identifier(of stream: StreamDefinition) -> TableIdentifier {
        TableIdentifier(namespace: Namespace([namespace]), name: stream.name)
    }

    static let schema = Schema([
        Field("stream", .string, isRequired: true),
        Field("offset", .long, isRequired: true),
        Field("index", .int, isRequired: true),
        Field(timeColumn, .timestamptz, isRequired: true),
        Field("pipeline", .string, isRequired: true),
        Field("code", .string, isRequired: true),
        Field("path", .string),
        Field("message", .string),
        Field("raw", .string),
        // Of the statement that rejected it: only that one may land it later.
        Field(runColumn, .string),
    ])

    static func batch(
        _ events: ArraySlice<RejectedEvent>, stream: String, pipeline: String, run: UniqueID?
    ) -> Batch {
        let count = events.count
        func strings(_ values: [String]) -> Column {
            Column(.string, count: count, .string(StringColumn(values)))
        }
        return Batch(
            schema: schema,
            columns: [
                .constant(.string(stream), .string, count: count),
                Column(.long, count: count, .int64(events.map(\.record))),
                Column(.int, count: count, .int32(events.map { Int32(clamping: $0.index) })),
                Column(.timestamptz, count: count, .int64(events.map(\.receivedAt.microseconds))),
                .constant(.string(pipeline), .string, count: count),
                strings(events.map(\.code)), strings(events.map(\.path)), strings(events.map(\.message)),
                strings(events.map(\.raw)),
                .constant(run.map { .string($0.hexDigits) } ?? .null, .string, count: count),
            ], rowCount: count)
    }
}

extension RejectsTable {
    /// The table with the column that came later: one that an earlier version made gets it. What lacks others is none of ours.
    static func complete(_ table: LoadedTable, in catalog: Catalog) async throws -> LoadedTable {
        let old = table.metadata.currentSchema
        let missing = schema.fields.filter { field in !old.fields.contains { $0.name == field.name } }
        guard missing.map(\.name) == [runColumn] else { return table }
        return try await catalog.commit([TableCommit(adding: missing, to: table)])[0]
    }
}
