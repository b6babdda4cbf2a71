/// Which rows a join gives beside the pairs that its condition accepts.
package enum JoinKind: String, Sendable, Hashable, CaseIterable {
    case inner
    /// Also left rows without a partner, with nulls for the right side.
    case left
    /// Also right rows without a partner, with nulls for the left side.
    case right
    /// Both.
    case full

    package var keepsLeft: Bool { self == .left || self == .full }
    package var keepsRight: Bool { self == .right || self == .full }
}
