import Columnar

/// Goes from match to match of a regular expression.
///
/// An empty match right behind the last one is none: `a*` is in `aaa` once.
///
/// - Source: RE2's `GlobalReplace`; PostgreSQL, DuckDB and DataFusion agree.
struct RegexMatches {
    private var position: Int
    private var lastEnd = -1
    private var watch: StepWatch
    /// The match that `next` found.
    private(set) var match = RegularExpression.Match()

    /// A call of RE2 takes as long as some steps of plain loops.
    private static let stepsAMatch = 16

    init(for supervisor: (any KernelSupervisor)?) {
        position = 0
        watch = StepWatch(supervisor)
    }

    /// Begins a text. One value for all rows keeps what a match is written to.
    mutating func start(from place: Int) {
        position = place
        lastEnd = -1
    }

    /// The next match in the text; its groups are in `match`.
    mutating func next(
        _ expression: RegularExpression, in text: Span<UInt8>
    ) throws(KernelError) -> Range<Int>? {
        while position <= text.count, try expression.findMatch(in: text, from: position, &match),
            let whole = match[0]
        {
            try watch.step(Self.stepsAMatch)
            position = whole.isEmpty ? behind(whole.upperBound, in: text) : whole.upperBound
            if whole.isEmpty, whole.upperBound == lastEnd { continue }
            lastEnd = whole.upperBound
            return whole
        }
        return nil
    }

    /// One character further.
    private func behind(_ place: Int, in text: Span<UInt8>) -> Int {
        guard place < text.count else { return text.count + 1 }
        return place + UTF8Text.offset(of: 1, in: text.extracting(place..<text.count))
    }
}
