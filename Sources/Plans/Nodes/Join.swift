package import Columnar

/// Pairs of left and right rows: by hash when there are keys, else every row with every row.
///
/// *Shapes*: gives the left columns, then the right ones; `semi` and `anti` only the left ones, `rightSemi` and
///   `rightAnti` only the right ones, `mark` the left ones and its mark.
/// *Nulls*: a row with a null key has no partner, unless null matches null for that key.
package struct Join: Sendable, Hashable {
    package var kind: JoinKind
    /// Over the left input; the n-th equals the n-th of `rightKeys` and has its type.
    package var leftKeys: [Expression]
    /// Over the right input.
    package var rightKeys: [Expression]
    /// For each key, whether null equals null.
    package var nullsMatch: [Bool]
    /// What else a pair must satisfy, over the left columns, then the right ones.
    package var residual: Expression?
    /// For `mark`: left equals right decides, and is null where one of them is. Nil lets keys and residual decide.
    package var membership: Membership?
    /// For each key, where its values are told to a scan of the left side; empty when none is. See `RuntimeFilter`.
    package var channels: [Int?] = []
    /// About how many rows come out; for people.
    package var expectedRowCount: Int?

    /// `left IN (right of all rows with the same keys)`
    package struct Membership: Sendable, Hashable {
        /// Over the left input.
        package var left: Expression
        /// Over the right input, of the same type.
        package var right: Expression

        package init(left: Expression, right: Expression) {
            self.left = left
            self.right = right
        }
    }

    package init(
        _ kind: JoinKind, leftKeys: [Expression] = [], rightKeys: [Expression] = [],
        nullsMatch: [Bool]? = nil, residual: Expression? = nil
    ) {
        self.kind = kind
        self.leftKeys = leftKeys
        self.rightKeys = rightKeys
        self.nullsMatch = nullsMatch ?? leftKeys.map { _ in false }
        self.residual = residual
    }

    /// The columns of both sides; those of a side that may be padded are not required.
    package static func schema(_ kind: JoinKind, _ left: Schema, _ right: Schema) -> Schema {
        func optional(_ fields: [Field], _ isPadded: Bool) -> [Field] {
            fields.map { field in
                var field = field
                if isPadded { field.isRequired = false }
                return field
            }
        }
        switch kind {
        case .semi, .anti: return left
        case .rightSemi, .rightAnti: return right
        case .mark: return Schema(left.fields + [Field("mark", .boolean)])
        default: break
        }
        return Schema(optional(left.fields, kind.keepsRight) + optional(right.fields, kind.keepsLeft))
    }

    /// The same join with its sides exchanged, and with them the columns of pairs; nil for kinds without a mirror image.
    package func mirrored(leftWidth: Int, rightWidth: Int) -> Join? {
        guard let kind = kind.mirrored else { return nil }
        var mirrored = self
        mirrored.kind = kind
        (mirrored.leftKeys, mirrored.rightKeys) = (rightKeys, leftKeys)
        mirrored.channels = []
        mirrored.residual = residual?.remapped { $0 < leftWidth ? $0 + rightWidth : $0 - leftWidth }
        return mirrored
    }

    /// What a condition sees: a left row and a right row.
    package static func pairSchema(_ left: Schema, _ right: Schema) -> Schema {
        Schema(left.fields + right.fields)
    }
}
