import Columnar
import FileFormats
import Streams
import Synchronization

/// How records of a stream's log become rows of a sink: the schema to parse by, the transform, the time of receipt.
///
/// - Threads: any; each reading has a parser of its own.
final class RecordPreparation: Sendable {
    /// The column that a sink's table gets besides those of the SQL.
    static let timeColumn = "__ingest_ts"
    /// A reject without its text, and what the table's columns take of it.
    private static let rejectBytes = 256
    /// Rows made of lists, before a step, behind it, and as the sink's columns.
    private static let unfoldedBytes = 3 * 16 * ProgramTransform.cellLimit

    let schema: StreamSchema
    let transform: any RowTransform
    /// The transform's columns and `__ingest_ts`.
    let output: Schema
    /// Of a batch: of events, or of the rows made of them.
    let rowLimit: Int
    /// A part of what is prepared ends behind the batch with which it has so many bytes.
    let partBytes: Int
    private let unknownFields: UnknownFieldPolicy
    private let outputWidth: Int
    private let idleParsers = Mutex<[EventParser]>([])

    /// The limits are lower in tests.
    init(
        schema: StreamSchema, unknownFields: UnknownFieldPolicy, transform: any RowTransform,
        rowLimit: Int = Batch.capacity, partBytes: Int = 16 << 20
    ) {
        self.schema = schema
        self.unknownFields = unknownFields
        self.transform = transform
        output = Schema(transform.output.fields + [Field(Self.timeColumn, .timestamptz, isRequired: true)])
        outputWidth = output.fields.reduce(0) { $0 + $1.type.columnWidth }
        self.rowLimit = min(
            rowLimit, EventParser.rowLimit(width: max(outputWidth, schema.columnWidth)))
        self.partBytes = partBytes
    }

    func takeParser() throws -> EventParser {
        if let parser = idleParsers.withLock({ $0.popLast() }) { return parser }
        return try EventParser(schema: schema, unknownFields: unknownFields, rowLimit: rowLimit)
    }

    func giveBack(_ parser: EventParser) { idleParsers.withLock { $0.append(parser) } }

    /// The most that these records, their reading, and the part being written beside the next hold.
    func memoryBytes(for records: [LogRecord]) -> Int {
        var (bodies, largest, events) = (0, 0, 0)
        for record in records {
            bodies += record.append.body.count
            largest = max(largest, record.append.body.count)
            events += record.append.eventCount
        }
        let cells = schema.cellCount(body: bodies, events: events) + events * outputWidth
        let made = 2 * bodies + events * Self.rejectBytes + cells * 16
        let parts = 2 * max(partBytes, largest)
        let text = RecordText.bytes(ofAll: bodies, largest: largest)
        let reading = bodies + schema.readingBytes(body: text, events: events)
        // What few bytes unfold to is not known, but how much is made at once.
        return reading + (transform.unfolds ? parts + Self.unfoldedBytes : min(made, parts))
    }
}

extension DataType {
    /// Columns that hold single values: one for each leaf of the type.
    var columnWidth: Int {
        switch self {
        case .list(let element): element.type.columnWidth
        case .map(let key, let value): key.type.columnWidth + value.type.columnWidth
        case .structure(let fields): fields.reduce(1) { $0 + $1.type.columnWidth }
        default: 1
        }
    }
}
