/// How much a stream has taken lately, by its limits a second.
///
/// Two token buckets, for events and for bytes, of one second each. A request larger than a bucket waits until the bucket
/// is full and leaves it in debt: so it is taken, and over time no more than the limit is.
struct StreamRate: Sendable {
    private struct Bucket {
        /// Billionths of an event or byte; nil until the first request, when it is full.
        var tokens: Int128?

        /// Nanoseconds until there is room for `amount`; nil when there is. What there is stays.
        mutating func wait(for amount: Int64, limit: Int64, elapsed: Int64) -> Int128? {
            let full = Int128(limit) * StreamRate.second
            let filled = tokens.map { min(full, $0 + Int128(limit) * Int128(elapsed)) } ?? full
            tokens = filled
            let missing = min(Int128(amount) * StreamRate.second, full) - filled
            return missing <= 0 ? nil : (missing + Int128(limit) - 1) / Int128(limit)
        }

        mutating func take(_ amount: Int64) { tokens = (tokens ?? 0) - Int128(amount) * StreamRate.second }
    }

    /// Why a request is not taken.
    struct Refusal: Error {
        /// The limit's name.
        var name: StreamLimits.Name
        var limit: Int64
        var waitSeconds: Int
    }

    private static let second: Int128 = 1_000_000_000
    private static let longestWaitSeconds: Int128 = 3600

    private var events = Bucket()
    private var bytes = Bucket()
    private var lastNanoseconds: Int64?

    /// Counts a request, at a monotonic time, or says when to come back: then nothing is counted.
    mutating func take(
        events eventCount: Int, bytes byteCount: Int, _ limits: StreamLimits, at now: Int64
    ) throws(Refusal) {
        let elapsed = max(0, now - (lastNanoseconds ?? now))
        lastNanoseconds = max(now, lastNanoseconds ?? now)
        var refusal: Refusal?
        func judge(_ bucket: inout Bucket, _ amount: Int, _ name: StreamLimits.Name) {
            guard let limit = limits[name] else {
                bucket = Bucket()
                return
            }
            guard let wait = bucket.wait(for: Int64(amount), limit: limit, elapsed: elapsed) else { return }
            let seconds = Int(min(Self.longestWaitSeconds, (wait + Self.second - 1) / Self.second))
            if seconds > refusal?.waitSeconds ?? 0 {
                refusal = Refusal(name: name, limit: limit, waitSeconds: seconds)
            }
        }
        judge(&events, eventCount, .eventsPerSecond)
        judge(&bytes, byteCount, .bytesPerSecond)
        if let refusal { throw refusal }
        giveBack(events: -eventCount, bytes: -byteCount, limits)
    }

    /// A request that was counted and not kept.
    mutating func giveBack(events eventCount: Int, bytes byteCount: Int, _ limits: StreamLimits) {
        if limits[.eventsPerSecond] != nil { events.take(Int64(-eventCount)) }
        if limits[.bytesPerSecond] != nil { bytes.take(Int64(-byteCount)) }
    }
}
