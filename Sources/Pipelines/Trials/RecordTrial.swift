/// How a runner goes over records that the process may have died of: in steps, each noted before it is taken and landed
/// before the next.
///
///     starts without a stop between them      1, 2: as always
///     from the third on                       whole slices, each noted
///     a noted slice the process died in       in sixteen parts, and each part that it dies in again
///     a single record it died of twice        lands all before it, then gives up
///
/// A value that decides; `PipelineRunner` acts.
struct RecordTrial: Equatable, Sendable {
    /// Records that were being worked on when the process ended.
    struct Suspects: Equatable, Sendable {
        var records: Range<Int64>
        /// How often it ended in exactly these.
        var deaths: Int
    }

    enum Step: Equatable {
        /// At most so many, or as many as a slice holds.
        case records(limit: Int?)
        /// The process ends when it works on this one.
        case poison(record: Int64)
        case over
    }

    /// Once may be chance: a kill from outside, or another pipeline.
    static let provenDeaths = 2
    private static let parts = 16

    private let suspects: Suspects?
    private let end: Int64

    /// Nil where nothing is to be tried: the runner goes on as always from `next`.
    ///
    /// `logEnd` is behind the last record there is; what comes later is not tried.
    init?(isCareful: Bool, suspects: Suspects?, next: Int64, logEnd: Int64) {
        self.suspects = suspects.flatMap { $0.records.upperBound > next ? $0 : nil }
        end = max(isCareful ? logEnd : next, self.suspects?.records.upperBound ?? next)
        if end == next { return nil }
    }

    func step(at record: Int64) -> Step {
        guard record < end else { return .over }
        guard let suspects, record < suspects.records.upperBound else { return .records(limit: nil) }
        let records = suspects.records
        guard record >= records.lowerBound else { return .records(limit: Int(records.lowerBound - record)) }
        if records.count == 1, suspects.deaths >= Self.provenDeaths { return .poison(record: record) }
        let part = max(1, records.count / Self.parts)
        return .records(limit: min(part, Int(records.upperBound - record)))
    }
}
