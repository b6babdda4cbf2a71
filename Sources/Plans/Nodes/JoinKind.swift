/// Which rows a join gives beside the pairs that its condition accepts, or instead of them.
package enum JoinKind: String, Sendable, Hashable, CaseIterable {
    case inner
    /// Also left rows without a partner, with nulls for the right side.
    case left
    /// Also right rows without a partner, with nulls for the left side.
    case right
    /// Both.
    case full
    /// Left rows with a partner, each once, without the right side.
    case semi
    /// Left rows without a partner, without the right side.
    case anti
    /// Every left row once, and a column that says whether it has a partner: null when it has none and the condition is
    /// null for a pair. So `x IN (…)` is known, not only whether it is true.
    case mark
    /// As `left`, and a fault when a row has a second partner: a subquery that stands for one value.
    case single

    /// Left rows without a partner matter.
    package var keepsLeft: Bool {
        switch self {
        case .left, .full, .anti, .mark, .single: true
        case .inner, .right, .semi: false
        }
    }
    package var keepsRight: Bool { self == .right || self == .full }
    /// The right side's columns are part of the answer.
    package var givesRight: Bool {
        switch self {
        case .inner, .left, .right, .full, .single: true
        case .semi, .anti, .mark: false
        }
    }
}
