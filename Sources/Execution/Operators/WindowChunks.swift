import Columnar
import Kernels
import Plans
import Scheduling

/// A partition that memory does not hold, on disk in chunks, and the window functions over it.
///
///     chunks      | 0 | 1 | 2 | 3 | 4 | 5 |
///     computed              #                the chunk whose rows are given
///     segment           |-------|            with the neighbours that its frames' offsets reach
///     sums        |-----|       |-------|    what a frame without end on that side holds beside the segment
///
/// A segment is computed as if it were a partition; the aggregates of the chunks before and behind are added. Where all
/// rows of a chunk, and more, sort alike, frames that end with peers are whole chunks, and sums are all there is.
///
/// - Threads: any, chunk by chunk, after `sumUp` was called for every chunk in order and `seal`.
struct WindowChunks: Sendable {
    private let work: WindowWork
    private let file: SpillFile
    private let context: QueryContext
    private let chunks: [WindowChunk]
    private let rowCount: Int
    /// A call each; nil where nobody asks.
    private var sums: [WindowSums?]
    private let reservation: MemoryReservation

    var count: Int { chunks.count }
    var needsSums: Bool { sums.contains { $0 != nil } }

    init(_ writer: WindowChunkWriter, _ work: WindowWork, _ file: SpillFile, _ context: QueryContext) throws {
        self.work = work
        self.file = file
        self.context = context
        chunks = writer.chunks
        rowCount = writer.rowCount
        let hasPeers = chunks.contains { $0.peers != nil }
        sums = work.windowing.calls.map { WindowSums.areNeeded($0, hasPeers: hasPeers) ? WindowSums() : nil }
        reservation = try context.memory.reserve(0, for: "window")
    }

    /// - Errors: `SCH-202` when a call's state of a chunk is a set of its rows, and memory does not hold those.
    mutating func sumUp(_ chunk: Int) throws {
        try context.check()
        let batch = try file.read(chunks[chunk].block, schema: work.inputSchema)
        let columns = try context.evaluator.evaluate(work.expressions, over: batch)
        for (index, call) in work.windowing.calls.enumerated() {
            var sum = sums[index]
            sums[index] = nil
            try call.place.locating { try sum?.append(call, work, columns, rowCount: batch.rowCount) }
            sums[index] = sum
        }
        let bytes = sums.reduce(0) { $0 + ($1?.byteCount ?? 0) }
        if bytes > reservation.bytes { try reservation.resize(to: bytes + bytes / 4) }
    }

    mutating func seal() throws {
        for (index, sum) in sums.enumerated() {
            var sealed = sum
            try work.windowing.calls[index].place.locating { try sealed?.seal() }
            sums[index] = sealed
        }
    }

    /// The chunk's rows with the functions' columns.
    ///
    /// - Errors: `SCH-202` when both ends of frames move, or frames end within rows that sort alike, and memory does not
    ///   hold those rows.
    func run(_ chunk: Int) throws -> Batch {
        var segments = try WindowSegments(work, file, context, chunks, rowCount: rowCount)
        var results: [Column] = []
        for (index, call) in work.windowing.calls.enumerated() {
            try context.check()
            let answer = try call.place.locating { try column(call, sums[index], chunk, &segments) }
            results.append(answer.flattened())
        }
        let rows = try segments.segment(chunk..<chunk + 1).batch
        return Batch(schema: work.schema, columns: rows.columns + results, rowCount: rows.rowCount)
    }

    private func column(
        _ call: WindowCall, _ sums: WindowSums?, _ chunk: Int, _ segments: inout WindowSegments
    ) throws -> Column {
        if call.readsFrame {
            let peers = call.frame.unit == .rows && call.frame.exclusion == .none ? nil : chunks[chunk].peers
            guard let peers else { return try framed(call, sums, chunk, chunk..<chunk + 1, &segments) }
            let group = index(of: peers.lowerBound)..<index(of: peers.upperBound)
            if let sums, call.endsWithPeers { return try amongPeers(call, sums, group, chunk) }
            return try framed(call, sums, chunk, group, &segments)
        }
        if case .window(let function) = call.function, function == .lag || function == .lead {
            return try neighbours(call, isLead: function == .lead, chunk, &segments)
        }
        let segment = try segments.segment(chunk..<chunk + 1)
        return try work.compute(call, segment.rows, nil, segment.value)
    }

    /// Widens the segment until no frame reaches beyond it.
    private func framed(
        _ call: WindowCall, _ sums: WindowSums?, _ chunk: Int, _ least: Range<Int>,
        _ segments: inout WindowSegments
    ) throws -> Column {
        var range = least
        while true {
            let segment = try segments.segment(range)
            let own = segment.own(chunk)
            let bounds = work.bounds(call, segment.rows, segment.value)
            let reach = try bounds.reaches(beyond: own)
            if let wider = wider(range, before: reach.before, behind: reach.behind) {
                range = wider
                continue
            }
            let frames = try bounds.ranges()
            guard case .window(let function) = call.function else {
                return try work.compute(
                    call, segment.rows, frames.slice(own), segment.value, around: sums?.around(range, call))
            }
            if function == .nthValue { return try nth(call, frames, chunk, range, &segments) }
            let local = try work.compute(call, segment.rows, frames, segment.value).slice(own)
            guard let sums else { return local }
            let isEmpty = own.map { frames.count(of: $0) == 0 }
            return picked(call, isFirst: function == .firstValue, local, isEmpty, sums, range)
        }
    }

    /// One chunk more on each side that is asked for; nil when there is none.
    private func wider(_ range: Range<Int>, before: Bool, behind: Bool) -> Range<Int>? {
        let first = before ? max(0, range.lowerBound - 1) : range.lowerBound
        let end = behind ? min(chunks.count, range.upperBound + 1) : range.upperBound
        return first..<end == range ? nil : first..<end
    }

    /// What the frames hold beside the segment comes first, or stands in where the segment has no value; `isEmpty` says
    /// of which rows' frames it has no row.
    private func picked(
        _ call: WindowCall, isFirst: Bool, _ local: Column, _ isEmpty: [Bool], _ sums: WindowSums,
        _ range: Range<Int>
    ) -> Column {
        let before = 0..<(call.frame.start == .unboundedPreceding ? range.lowerBound : 0)
        let behind = (call.frame.end == .unboundedFollowing ? range.upperBound : chunks.count)..<chunks.count
        if let leading = isFirst ? sums.first(before) : sums.last(behind) {
            return .constant(leading, call.type, count: local.count)
        }
        guard let trailing = isFirst ? sums.first(behind) : sums.last(before) else { return local }
        let all = Column.concatenate([local.flattened(), Column(call.type, [trailing])], type: call.type)
        return all.gather(
            (0..<local.count).map { row in
                let isMissing = call.ignoresNulls ? local.isNull(row) : isEmpty[row]
                return Int32(truncatingIfNeeded: isMissing ? local.count : row)
            })
    }

    /// nth_value: a frame that begins with the partition has its first places in the first chunks.
    private func nth(
        _ call: WindowCall, _ frames: FrameRanges, _ chunk: Int, _ range: Range<Int>,
        _ segments: inout WindowSegments
    ) throws -> Column {
        let segment = try segments.segment(range)
        let own = segment.own(chunk)
        let numbers = segment.value(call.arguments[1]).slice(own)
        let places = (0..<numbers.count).map { numbers.scalar(at: $0).wholeNumber }
        let greatest = Int(clamping: places.compactMap { $0 }.max() ?? 0)
        guard call.frame.start == .unboundedPreceding, range.lowerBound > 0 else {
            // Behind an open end the place must be in the segment.
            if call.frame.end == .unboundedFollowing, segment.batch.rowCount - own.upperBound < greatest,
                let wider = wider(range, before: false, behind: true)
            {
                let segment = try segments.segment(wider)
                let frames = try work.bounds(call, segment.rows, segment.value).ranges()
                return try nth(call, frames, chunk, wider, &segments)
            }
            return try work.compute(call, segment.rows, frames, segment.value).slice(own)
        }
        var end = 1
        while places.allSatisfy({ $0.map { $0 > 0 } ?? true }) {
            var head = try segments.segment(0..<end).value(call.arguments[0]).flattened()
            if call.ignoresNulls {
                let known = (0..<head.count).filter { [head] in !head.isNull($0) }
                head = head.gather(known.map { Int32(truncatingIfNeeded: $0) })
            }
            if greatest <= head.count {
                let last = Column.nulls(head.type, count: 1).flattened()
                return Column.concatenate([head, last], type: call.type).gather(
                    places.map { Int32(truncatingIfNeeded: $0.map { Int($0) - 1 } ?? head.count) })
            }
            if end == range.lowerBound { break }
            end = min(range.lowerBound, end * 2)
        }
        let whole = try segments.segment(0..<range.upperBound)
        let all = try work.bounds(call, whole.rows, whole.value).ranges()
        return try work.compute(call, whole.rows, all, whole.value).slice(whole.own(chunk))
    }

    /// All rows of the chunk, and of others, sort alike: they have one frame, and it is whole chunks.
    private func amongPeers(
        _ call: WindowCall, _ sums: WindowSums, _ group: Range<Int>, _ chunk: Int
    ) throws -> Column {
        let first = call.frame.start == .unboundedPreceding ? 0 : group.lowerBound
        let frame = first..<(call.frame.end == .unboundedFollowing ? chunks.count : group.upperBound)
        let answer: Scalar
        switch call.function {
        case .aggregate: answer = try sums.aggregate(frame)
        case .window(let function):
            answer = (function == .firstValue ? sums.first(frame) : sums.last(frame)) ?? .null
        }
        return .constant(answer, call.type, count: chunks[chunk].rowCount)
    }

    /// The chunk that begins with the row, or one past the last.
    private func index(of row: Int) -> Int { chunks.firstIndex { $0.firstRow >= row } ?? chunks.count }

    /// lag and lead: widens the segment until it holds the rows so far away.
    private func neighbours(
        _ call: WindowCall, isLead: Bool, _ chunk: Int, _ segments: inout WindowSegments
    ) throws -> Column {
        var range = chunk..<chunk + 1
        while true {
            let segment = try segments.segment(range)
            let own = segment.own(chunk)
            var (back, forth) = (isLead ? 0 : 1, isLead ? 1 : 0)
            if call.arguments.count > 1 {
                let offsets = segment.value(call.arguments[1]).slice(own)
                let numbers = (0..<offsets.count).compactMap { offsets.scalar(at: $0).wholeNumber }
                let behind = Int(clamping: (isLead ? numbers.max() : numbers.min()) ?? 0)
                let before = Int(clamping: (isLead ? numbers.min() : numbers.max()) ?? 0)
                forth = max(0, isLead ? behind : Self.negated(behind))
                back = max(0, isLead ? Self.negated(before) : before)
            }
            let values = segment.value(call.arguments[0])
            let known = { (rows: Range<Int>) in
                call.ignoresNulls ? rows.count { !values.isNull($0) } : rows.count
            }
            let isShort = (
                before: known(0..<own.lowerBound) < back,
                behind: known(own.upperBound..<segment.batch.rowCount) < forth
            )
            if let wider = wider(range, before: isShort.before, behind: isShort.behind) {
                range = wider
                continue
            }
            return try work.compute(call, segment.rows, nil, segment.value).slice(own)
        }
    }

    private static func negated(_ number: Int) -> Int { number == .min ? .max : -number }
}

extension WindowCall {
    /// Frames of rows that sort alike are one frame, which begins and ends with such rows; and the answer is known from
    /// whole chunks.
    fileprivate var endsWithPeers: Bool {
        frame.unit != .rows && frame.exclusion == .none && !frame.start.hasOffset && !frame.end.hasOffset
            && function != .window(.nthValue)
    }
}
