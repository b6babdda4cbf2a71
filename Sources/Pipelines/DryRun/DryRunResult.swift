import Columnar
import Effects
import FileFormats
package import JSONText
import Streams

/// What a statement would make of the last events of its stream.
struct DryRunResult: Sendable {
    /// Rows are shown up to so many bytes of text, and rejects too.
    private static let shownBytes = 4 << 20

    let stream: String
    let sink: String
    let columns: Schema
    private let rowLimit: Int
    /// The first event that was looked at.
    var start: (record: Int64, index: Int)
    private(set) var counts = PipelineCounts()
    private var reasons = RejectReasons()
    private var encoder: RowEncoder
    private var rows: [UInt8] = []
    private var rowCount = 0
    private var rejects: [RejectedEvent] = []
    private var rejectBytes = 0

    init(_ statement: CompiledStatement, columns: Schema, rowLimit: Int, start: (record: Int64, index: Int)) {
        stream = statement.stream.name
        sink = statement.sink.name
        self.columns = columns
        self.rowLimit = rowLimit
        self.start = start
        encoder = RowEncoder(schema: columns)
    }

    mutating func add(_ part: PreparedPart) {
        counts += part.counts
        reasons.note(part.rejects)
        for reject in part.rejects where rejects.count < rowLimit && rejectBytes < Self.shownBytes {
            rejects.append(reject)
            rejectBytes += reject.byteCount
        }
        for batch in part.batches {
            let dense = batch.dense()
            // One by one: a row may be as large as all that is shown.
            var row = 0
            while row < dense.rowCount, rowCount < rowLimit, rows.count < Self.shownBytes {
                encoder.append(dense.slice(row..<row + 1), to: &rows)
                rowCount += 1
                row += 1
            }
        }
    }

    /// - Errors: `JSN-…` never: the rows are what the encoder wrote.
    func json() throws -> JSONValue {
        var object: JSONObject = [
            "stream": .string(stream), "sink": .string(sink),
            "from": .string("\(start.record):\(start.index)"),
        ]
        for (name, value) in DryRunAnswer.members(counts).members { object[name] = value }
        object["columns"] = CompiledPipeline.columns(columns)
        object["rows"] = try JSONParser.parse(Array("[".utf8) + rows + Array("]".utf8))
        object["reasons"] = reasons.json
        object["rejects"] = .array(rejects.map(\.json))
        return .object(object)
    }
}

/// `{"events":3,"passed":2,"filtered":0,"rejected":1,"sink_rows":2,"unknown_fields":0,"statements":[…]}`
package struct DryRunAnswer: Sendable {
    var statements: [DryRunResult] = []

    var counts: PipelineCounts { statements.reduce(into: PipelineCounts()) { $0 += $1.counts } }

    package func json() throws -> JSONValue {
        var object = Self.members(counts)
        object["statements"] = .array(try statements.map { try $0.json() })
        return .object(object)
    }

    fileprivate static func members(_ counts: PipelineCounts) -> JSONObject {
        [
            "events": .integer(counts.events), "passed": .integer(counts.passed),
            "filtered": .integer(counts.filtered), "rejected": .integer(counts.rejected),
            "sink_rows": .integer(counts.sinkRows), "unknown_fields": .integer(counts.unknownFields),
        ]
    }
}

extension RejectedEvent {
    /// As the row of the rejects table.
    fileprivate var json: JSONValue {
        [
            "offset": .integer(record), "index": .integer(Int64(index)),
            "received_at": .string(receivedAt.rfc3339), "code": .string(code), "path": .string(path),
            "message": .string(message), "raw": .string(raw),
        ]
    }
}
