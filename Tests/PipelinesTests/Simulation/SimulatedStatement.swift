import Columnar
import Effects
import FileFormats
import JSONText
import Streams

@testable import Pipelines

/// One statement of the simulation, from a stream into a sink's table: a pipeline of its own, or one of those that a
/// pipeline commits together.
struct SimulatedStatement: Sendable {
    let number: Int
    let streamIndex: Int
    let stream: StreamDefinition
    let sink: SinkDefinition
    let key: ProgressKey
    let preparation: RecordPreparation

    var name: String { "p\(number)" }

    /// `cutsRecords` prepares few rows at a time, so that a commit comes due inside a record.
    init(
        number: Int, pipeline: Int, streamIndex: Int, stream: StreamDefinition, sink: SinkDefinition,
        cutsRecords: Bool
    ) {
        self.number = number
        self.streamIndex = streamIndex
        self.stream = stream
        self.sink = sink
        key = ProgressKey(
            pipelineID: UniqueID(high: 8, low: UInt64(pipeline)), sinkID: sink.id, streamID: stream.id)
        preparation = RecordPreparation(
            schema: stream.schema, unknownFields: .count,
            transform: SimulatedTransform(pipeline: Int64(number)),
            rowLimit: cutsRecords ? 3 : Batch.capacity, partBytes: cutsRecords ? 1 : 16 << 20)
    }

    static func stream(_ index: Int) throws -> StreamDefinition {
        try StreamDefinition(
            creating: [
                "name": .string("s\(index)"),
                "schema": [
                    "fields": [
                        ["name": "id", "type": "int64", "required": true],
                        ["name": "text", "type": "string"],
                    ]
                ],
            ], id: UniqueID(high: 9, low: UInt64(index)), now: Instant(microseconds: 0))
    }

    static func sink(_ index: Int) throws -> SinkDefinition {
        try SinkDefinition(
            creating: [
                "name": .string("k\(index)"), "type": "r2_data_catalog",
                "config": [
                    "bucket": "lake", "namespace": "web", "table_name": .string("t\(index)"),
                    "rolling_policy": ["interval_seconds": 1],
                ],
                // Faster than the default, and no part of what is tested.
                "format": ["type": "parquet", "compression": "uncompressed"],
            ], id: UniqueID(high: 7, low: UInt64(index)), now: Instant(microseconds: 0))
    }
}

/// `SELECT id, N AS pipeline FROM … WHERE id % 10 <> 0`, which fails on `id % 10 = 7`.
struct SimulatedTransform: RowTransform {
    let pipeline: Int64
    let output = Schema([Field("id", .long), Field("pipeline", .long)])
    let unfolds = false

    init(pipeline: Int64) { self.pipeline = pipeline }

    func apply(_ batch: Batch) throws -> TransformedRows {
        var sources: [Int32] = []
        var rejected: [RejectedRow] = []
        for row in 0..<batch.rowCount {
            guard case .long(let id) = batch.columns[0].scalar(at: row) else { continue }
            switch SentRequest.fate(of: id) {
            case .filtered: continue
            case .passed: sources.append(Int32(row))
            case .rejected, .misfit:
                rejected.append(RejectedRow(row: row, code: "seven", message: "id is \(id)"))
            }
        }
        return TransformedRows(
            inputCount: batch.rowCount,
            columns: [
                batch.columns[0].gather(sources),
                .constant(.long(pipeline), .long, count: sources.count),
            ], sources: sources, rejected: rejected)
    }
}
