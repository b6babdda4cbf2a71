/// Which rows a join gives beside the pairs that its condition accepts, or instead of them.
package enum JoinKind: Sendable, Hashable {
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
    /// Right rows with a partner, each once, without the left side: `semi` with the row that is kept on the held side.
    case rightSemi
    /// Right rows without a partner, without the left side.
    case rightAnti
    /// Every left row once, and a column that says whether it has a partner: null when it has none and the condition is
    /// null for a pair. So `x IN (…)` is known, not only whether it is true.
    case mark
    /// As `left`, and a fault when a row has a second partner: a subquery that stands for one value, where it stands.
    case single(SourcePlace? = nil)

    /// Left rows without a partner matter.
    package var keepsLeft: Bool {
        switch self {
        case .left, .full, .anti, .mark, .single: true
        case .inner, .right, .semi, .rightSemi, .rightAnti: false
        }
    }
    /// Right rows without a partner matter.
    package var keepsRight: Bool { self == .right || self == .full || self == .rightAnti }
    /// Pairs are part of the answer: both sides' columns are.
    package var givesPairs: Bool {
        switch self {
        case .inner, .left, .right, .full, .single: true
        case .semi, .anti, .rightSemi, .rightAnti, .mark: false
        }
    }
    /// How many columns come out, of those of the sides; a side that gives none is not asked.
    package func width(_ left: @autoclosure () -> Int, _ right: @autoclosure () -> Int) -> Int {
        switch self {
        case .semi, .anti: left()
        case .rightSemi, .rightAnti: right()
        case .mark: left() + 1
        case .inner, .left, .right, .full, .single: left() + right()
        }
    }
    /// Whether a right row is given shows only when every left row was seen.
    package var settlesRight: Bool { keepsRight || self == .rightSemi }
    /// What gives the same rows with the sides exchanged; nil where nothing does.
    package var mirrored: JoinKind? {
        switch self {
        case .inner: .inner
        case .left: .right
        case .right: .left
        case .full: .full
        case .semi: .rightSemi
        case .anti: .rightAnti
        case .rightSemi: .semi
        case .rightAnti: .anti
        case .mark, .single: nil
        }
    }
}

extension JoinKind: CaseIterable, RawRepresentable {
    package static var allCases: [JoinKind] {
        [.inner, .left, .right, .full, .semi, .anti, .rightSemi, .rightAnti, .mark, .single()]
    }

    /// As plans spell it.
    package var rawValue: String {
        switch self {
        case .inner: "inner"
        case .left: "left"
        case .right: "right"
        case .full: "full"
        case .semi: "semi"
        case .anti: "anti"
        case .rightSemi: "right_semi"
        case .rightAnti: "right_anti"
        case .mark: "mark"
        case .single: "single"
        }
    }

    package init?(rawValue: String) {
        guard let kind = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
        self = kind
    }
}
