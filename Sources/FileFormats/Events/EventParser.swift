package import Columnar
import Synchronization

/// What a stream does with members of an event that its schema lacks.
package enum UnknownFieldPolicy: String, Sendable, Hashable, CaseIterable {
    /// Left out of the row, and counted.
    case count
    /// The event is a misfit.
    case reject
}

/// Reads bodies of events into batches of a stream's schema, part by part.
///
/// However much text a body has and however little text stands for a row, a part is bounded: by `Batch.capacity` rows,
/// by `cellLimit` values and by four megabytes of text, each and one event.
///
/// - Threads: any; two calls at once wait for each other, so keep one parser a worker.
/// - Cost: a few million small events a second; lists and structs go a slower way.
package final class EventParser: Sendable {
    /// The most values of a batch, rows times columns: 8 MB of strings' views.
    package static let cellLimit = 1 << 19

    private struct State: ~Copyable {
        var reader: EventReader
        var body: [UInt8] = []
        /// A body was taken and its last part is not given yet.
        var isReading = false
        var rest: Rest?
    }

    /// What the reader gave and is not handed on yet.
    private struct Rest {
        var part: EventReader.Part
        /// The batches that the rows are handed on in, and how many of them are gone.
        var cuts: [Range<Int>]
        var cutCount = 0
        /// For each column of lists or structs, by its number, the sizes of its values.
        var sizes: [Int: [Int]] = [:]
        var toldMisfits = 0
    }

    package let schema: StreamSchema
    /// Of every batch.
    package let columns: Schema
    private let fields: [StreamField]
    private let state: Mutex<State>

    /// The most rows of a batch with so many columns.
    package static func rowLimit(width: Int) -> Int {
        min(Batch.capacity, max(1, cellLimit / max(1, width)))
    }

    /// `rowLimit` is the most rows of a batch, where the schema allows more.
    package init(
        schema: StreamSchema, unknownFields: UnknownFieldPolicy = .count, rowLimit: Int = Batch.capacity
    ) throws(FileFormatsError) {
        self.schema = schema
        columns = schema.columns
        fields = if case .fields(let fields) = schema { fields } else { [] }
        let reader = try EventReader(
            schema: schema, rejectsUnknown: unknownFields == .reject,
            rowLimit: min(rowLimit, Self.rowLimit(width: schema.columnWidth)))
        state = Mutex(State(reader: reader))
    }

    /// Takes a body; what an earlier one left is dropped.
    ///
    /// - Parameter framing: As `EventBody.inspect` found it.
    /// - Errors: `FMT-102` when the body cannot be JSON.
    /// - Cost: one pass; see `StreamSchema.readingBytes` for the memory.
    package func start(_ body: [UInt8], framing: EventFraming) throws(FileFormatsError) {
        let result = state.withLock { state in
            Result { () throws(FileFormatsError) in
                state.rest = nil
                state.isReading = false
                try state.reader.start(body, framing: framing)
                state.body = body
                state.isReading = true
            }
        }
        try result.get()
    }

    /// The next events of the body, until a part is the end. No more than `misfitLimit` misfits are told of each part.
    ///
    /// - Errors: `FMT-102` when the body is no JSON: then nothing of it counts, earlier parts included. A misfit is no
    ///   error.
    package func next(tellingMisfits misfitLimit: Int = .max) throws(FileFormatsError) -> EventPart {
        let result = state.withLock { state in
            Result { () throws(FileFormatsError) in try next(&state, misfitLimit) }
        }
        return try result.get()
    }

    private func next(_ state: inout State, _ misfitLimit: Int) throws(FileFormatsError) -> EventPart {
        precondition(state.isReading, "a body is read from its start to its end")
        let isContinued = state.rest != nil
        var rest: Rest
        if let left = state.rest.take() {
            rest = left
        } else {
            rest = cut(try state.reader.next(state.body), state.body)
        }
        let rows = rest.cuts.isEmpty ? 0..<0 : rest.cuts[rest.cutCount]
        rest.cutCount += 1
        let isLast = rest.cutCount >= rest.cuts.count
        var part = EventPart(
            batch: nil, places: Array(rest.part.places[rows]), eventCount: rest.part.eventCount,
            isEnd: isLast && rest.part.isEnd)
        if !isContinued { part.unknownFieldCount = rest.part.unknownCount }
        let bound = isLast ? Int.max : rest.part.places[rows.upperBound].index
        let misfits = rest.part.misfits[rest.toldMisfits...].prefix { $0.index < bound }
        rest.toldMisfits += misfits.count
        part.misfitCount = misfits.count
        part.misfits = misfits.prefix(misfitLimit).map { describe($0, state.body) }
        if !rows.isEmpty { addRows(rows, of: rest, state.body, to: &part) }
        part.misfits.sort { $0.index < $1.index }
        if part.misfits.count > misfitLimit { part.misfits.removeSubrange(misfitLimit...) }
        state.rest = isLast ? nil : rest
        if part.isEnd {
            state.isReading = false
            state.body = []
        }
        return part
    }

    /// Rows whose lists and structs unfold widely are handed on in several batches.
    private func cut(_ part: EventReader.Part, _ body: [UInt8]) -> Rest {
        var rest = Rest(part: part, cuts: [])
        guard part.rowCount > 0 else { return rest }
        var rowSizes: [Int] = []
        for (index, values) in part.columns.enumerated() where !values.spans.isEmpty {
            let size = NestedSize(fields[index].type)
            let sizes = values.spans.map { size.values(in: body, $0) }
            if rowSizes.isEmpty { rowSizes = [Int](repeating: 0, count: part.rowCount) }
            for row in sizes.indices where sizes[row] <= NestedSize.eventLimit { rowSizes[row] += sizes[row] }
            rest.sizes[index] = sizes
        }
        var start = 0
        var cells = 0
        for row in rowSizes.indices {
            if row > start, cells + rowSizes[row] > Self.cellLimit {
                rest.cuts.append(start..<row)
                start = row
                cells = 0
            }
            cells += rowSizes[row]
        }
        rest.cuts.append(start..<part.rowCount)
        return rest
    }

    /// Makes a batch of some rows; those whose lists or structs do not fit become misfits.
    private func addRows(_ rows: Range<Int>, of rest: Rest, _ body: [UInt8], to part: inout EventPart) {
        var columns: [Column] = []
        var isKept = [Bool](repeating: true, count: rows.count)
        var misfits: [Misfit] = []
        for (index, values) in rest.part.columns.enumerated() {
            guard let sizes = rest.sizes[index] else {
                columns.append(rows.count == rest.part.rowCount ? values.column : values.column.slice(rows))
                continue
            }
            let nested = NestedColumn(field: fields[index], body: body)
            let column = nested.column(values.spans[rows], sizes: sizes[rows]) { row, fault in
                guard isKept[row] else { return }
                isKept[row] = false
                let place = part.places[row]
                misfits.append(Misfit(index: place.index, fault, raw: text(body, place.span)))
            }
            columns.append(column)
        }
        part.misfitCount += misfits.count
        part.misfits += misfits
        var batch = Batch(schema: self.columns, columns: columns, rowCount: rows.count)
        if !misfits.isEmpty {
            let kept = isKept.indices.filter { isKept[$0] }.map { Int32($0) }
            batch = batch.selecting(kept).dense()
            part.places = kept.map { part.places[Int($0)] }
        }
        if batch.rowCount > 0 { part.batch = batch }
    }

    private func describe(_ misfit: EventReader.RawMisfit, _ body: [UInt8]) -> Misfit {
        // A message shows the beginning only; a name is a path.
        let isName = misfit.code == .unknownField
        let found = text(body, isName ? misfit.found : misfit.found.prefix(MisfitText.foundBytes))
        var path = "$"
        var expected = "an object"
        if let index = misfit.field, index < fields.count {
            path = MisfitText.path(path, fields[index].name)
            expected = fields[index].type.expectation
        } else if isName {
            path = MisfitText.path(path, found)
        }
        return Misfit(
            index: misfit.index, MisfitFault(misfit.code, at: path, expected: expected, found: found),
            raw: text(body, misfit.event))
    }

    private func text(_ body: [UInt8], _ span: Range<Int>) -> String {
        String(decoding: body[span], as: UTF8.self)
    }
}
