package import Columnar
import Synchronization

/// What a stream does with members of an event that its schema lacks.
package enum UnknownFieldPolicy: String, Sendable, Hashable, CaseIterable {
    /// Left out of the row, and counted.
    case count
    /// The event is a misfit.
    case reject
}

/// The rows of one body of events, and the events that became none.
package struct ParsedEvents: Sendable {
    /// At most `Batch.capacity` rows each, in the events' order.
    package var batches: [Batch] = []
    /// In the events' order.
    package var misfits: [Misfit] = []
    /// Rows and misfits together.
    package var eventCount = 0
    /// Members that no field took, over all events.
    package var unknownFieldCount = 0

    package var rowCount: Int { batches.reduce(0) { $0 + $1.rowCount } }
}

/// Reads bodies of events into batches of a stream's schema.
///
/// - Threads: any; two calls at once wait for each other, so keep one parser a worker.
/// - Cost: a few million small events a second; lists and structs go a slower way.
package final class EventParser: Sendable {
    package let schema: StreamSchema
    /// Of every batch.
    package let columns: Schema
    private let reader: Mutex<EventReader>

    package init(
        schema: StreamSchema, unknownFields: UnknownFieldPolicy = .count
    ) throws(FileFormatsError) {
        self.schema = schema
        columns = schema.columns
        reader = Mutex(try EventReader(schema: schema, rejectsUnknown: unknownFields == .reject))
    }

    /// All events of a body.
    ///
    /// - Parameter framing: As `EventBody.inspect` found it.
    /// - Errors: `FMT-102` when the body is no JSON: then nothing of it is taken. A misfit is no error.
    package func parse(_ body: [UInt8], framing: EventFraming) throws(FileFormatsError) -> ParsedEvents {
        let result = reader.withLock { reader in
            Result { () throws(FileFormatsError) in try parse(body, framing, &reader) }
        }
        return try result.get()
    }

    private func parse(
        _ body: [UInt8], _ framing: EventFraming, _ reader: inout EventReader
    ) throws(FileFormatsError) -> ParsedEvents {
        try reader.start(body, framing: framing)
        var events = ParsedEvents()
        while true {
            let part = try reader.next(body)
            events.eventCount = part.eventCount
            events.unknownFieldCount += part.unknownCount
            var misfits = part.misfits.map { describe($0, body) }
            if part.rowCount > 0 { add(part, body, to: &events, &misfits) }
            events.misfits += misfits.sorted { $0.index < $1.index }
            if part.isEnd { return events }
        }
    }

    /// Makes a batch of the part's rows; rows whose lists or structs do not fit become misfits.
    private func add(
        _ part: EventReader.Part, _ body: [UInt8], to events: inout ParsedEvents, _ misfits: inout [Misfit]
    ) {
        var columns = part.columns.map(\.column)
        var isKept = [Bool](repeating: true, count: part.rowCount)
        for (index, spans) in part.columns.enumerated() where !spans.spans.isEmpty {
            guard case .fields(let fields) = schema else { continue }
            let nested = NestedColumn(field: fields[index], body: body)
            columns[index] = nested.column(spans.spans) { row, fault in
                guard isKept[row] else { return }
                isKept[row] = false
                misfits.append(
                    Misfit(
                        index: part.eventIndexes[row], code: fault.code, path: fault.path,
                        message: fault.message,
                        raw: text(body, part.eventSpans[row])))
            }
        }
        var batch = Batch(schema: self.columns, columns: columns, rowCount: part.rowCount)
        if isKept.contains(false) {
            batch = batch.selecting(isKept.indices.filter { isKept[$0] }.map { Int32($0) }).dense()
        }
        if batch.rowCount > 0 { events.batches.append(batch) }
    }

    private func describe(_ misfit: EventReader.RawMisfit, _ body: [UInt8]) -> Misfit {
        let found = text(body, misfit.found)
        var path = "$"
        var expected = "an object"
        if case .fields(let fields) = schema, let index = misfit.field {
            path = MisfitText.path(path, fields[index].name)
            expected = fields[index].type.expectation
        } else if misfit.code == .unknownField {
            path = MisfitText.path(path, found)
        }
        return Misfit(
            index: misfit.index, code: misfit.code, path: path,
            message: MisfitText.message(misfit.code, expected: expected, found: found),
            raw: text(body, misfit.event))
    }

    private func text(_ body: [UInt8], _ span: Range<Int>) -> String {
        String(decoding: body[span], as: UTF8.self)
    }
}
