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

    /// A call of RE2 takes as long as some steps of plain loops.
    private static let stepsAMatch = 16

    init(from start: Int, for supervisor: (any KernelSupervisor)?) {
        position = start
        watch = StepWatch(supervisor)
    }

    /// The next match in the text, as `RegularExpression.firstMatch` has it.
    mutating func next(
        _ expression: RegularExpression, in text: Span<UInt8>
    ) throws(KernelError) -> (whole: Range<Int>, groups: [Range<Int>?])? {
        while position <= text.count, let found = try expression.firstMatch(in: text, from: position),
            let whole = found[0]
        {
            try watch.step(Self.stepsAMatch)
            position = whole.isEmpty ? behind(whole.upperBound, in: text) : whole.upperBound
            if whole.isEmpty, whole.upperBound == lastEnd { continue }
            lastEnd = whole.upperBound
            return (whole, found)
        }
        return nil
    }

    /// One character further.
    private func behind(_ place: Int, in text: Span<UInt8>) -> Int {
        guard place < text.count else { return text.count + 1 }
        return place + UTF8Text.offset(of: 1, in: text.extracting(place..<text.count))
    }
}
