import Effects

/// The marks of a stream's requests of the last hours: keys each with its record, producers with their last one.
///
/// - Cost: about 150 bytes a mark; looking one up, adding one and letting old ones go are constant, amortised.
struct MarkIndex: Sendable {
    private struct Age {
        var record: Int64
        var id: UniqueID
        var receivedAt: Instant
    }
    private var records: [UniqueID: MarkedRecord] = [:]
    /// In the order of records; those that a later request of the same producer took over are still in it.
    private var ages: [Age] = []
    private var firstAge = 0
    /// A request pays for as many that are too old: the index shrinks much faster than it grows.
    private static let forgottenAtOnce = 256

    init(_ marked: [MarkedRecord] = []) {
        for record in marked.sorted(by: { $0.record < $1.record }) { insert(record) }
    }

    var count: Int { records.count }
    var isEmpty: Bool { records.isEmpty }

    func contains(_ id: UniqueID) -> Bool { records[id] != nil }

    mutating func insert(_ marked: MarkedRecord) {
        var record = marked
        if let number = record.mark.sequence, record.firstNumber == nil {
            record.firstNumber = number
            // A producer that was forgotten may begin anywhere; what it sent before says nothing any more.
            if let known = records[record.mark.id], let last = known.mark.sequence,
                number == last || (last < .max && number == last + 1)
            {
                record.firstNumber = known.firstNumber
            }
        }
        records[record.mark.id] = record
        ages.append(Age(record: record.record, id: record.mark.id, receivedAt: record.receivedAt))
        if ages.count - firstAge > 2 * records.count + 1024 { rebuildAges() }
    }

    private mutating func rebuildAges() {
        ages = ages[firstAge...].filter { records[$0.id]?.record == $0.record }
        firstAge = 0
    }

    /// Forgets what came before `instant`, oldest first; a clock that jumped back keeps some of it longer, and of very
    /// many the rest waits for the next call.
    mutating func forget(before instant: Instant) {
        let end = min(ages.count, firstAge + Self.forgottenAtOnce)
        while firstAge < end, ages[firstAge].receivedAt < instant {
            let age = ages[firstAge]
            if records[age.id]?.record == age.record { records[age.id] = nil }
            firstAge += 1
        }
        if firstAge > 1024, firstAge * 2 > ages.count {
            ages.removeFirst(firstAge)
            firstAge = 0
        }
    }

    /// When the request came whose mark is forgotten next; nil when there is none.
    ///
    /// - Cost: constant, amortised: what is passed over is dropped.
    mutating func oldest() -> Instant? {
        while firstAge < ages.count {
            let age = ages[firstAge]
            if records[age.id]?.record == age.record { return age.receivedAt }
            firstAge += 1
        }
        return nil
    }

    /// The marks of records from `record` on, in their order, found among at most `limit` entries of the index; and the
    /// record from which on others may follow, nil when none do.
    ///
    /// - Cost: proportional to `limit`, whatever the index holds.
    func part(from record: Int64, limit: Int) -> (marked: [MarkedRecord], next: Int64?) {
        var low = firstAge
        var high = ages.count
        while low < high {
            let middle = (low + high) / 2
            if ages[middle].record < record { low = middle + 1 } else { high = middle }
        }
        let end = min(low + limit, ages.count)
        let marked = ages[low..<end].compactMap { age in
            records[age.id].flatMap { $0.record == age.record ? $0 : nil }
        }
        return (marked, end < ages.count ? ages[end].record : nil)
    }

    /// Where the request was kept before; nil when it is new.
    ///
    /// - Errors: `keyReused`, `sequenceGap`.
    func find(_ mark: RequestMark, _ append: LogAppend, checksum: UInt32) throws(StreamsError) -> LogReceipt?
    {
        guard let known = records[mark.id] else { return nil }
        let repeated = LogReceipt(
            offset: LogOffset(record: known.record), eventCount: known.eventCount, isRepeat: true,
            lastSequence: known.mark.sequence)
        guard let number = mark.sequence, let last = known.mark.sequence else {
            guard known.isSame(append, checksum) else { throw Self.reused() }
            return repeated
        }
        if number == last {
            guard known.isSame(append, checksum) else { throw Self.reused() }
            return repeated
        }
        if let first = known.firstNumber, number < first {
            throw StreamsError(
                .sequenceGap, "the producer began with a later request",
                ["first": first, "sent": number],
                hint: "send a producer's requests in order, or these as another producer")
        }
        // Sequences have no gaps, so every one from the first to the last was kept; where, nobody remembers.
        if number < last {
            return LogReceipt(
                offset: LogOffset(record: known.record), eventCount: append.eventCount, isRepeat: true,
                lastSequence: last)
        }
        guard number == last &+ 1 else {
            throw StreamsError(
                .sequenceGap, "requests of this producer are missing",
                ["expected": last &+ 1, "sent": number],
                hint: "send the ones in between first")
        }
        return nil
    }

    static func reused() -> StreamsError {
        StreamsError(
            .keyReused, "another request was sent with this key or sequence number",
            hint: "a new request needs a new key; a repeat must be the same bytes")
    }
}
