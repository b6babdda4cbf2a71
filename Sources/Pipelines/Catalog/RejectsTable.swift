import Columnar
import Effects
import Iceberg
import Streams

/// The table of events that became no row: one for each stream, in the namespace `rejects`.
enum RejectsTable {
    static let namespace = "rejects"
    static let timeColumn = "received_at"

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
    ])

    static func batch(_ events: ArraySlice<RejectedEvent>, stream: String, pipeline: String) -> Batch {
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
            ], rowCount: count)
    }
}
