package import Columnar

/// Pairs of left and right rows: by hash when there are keys, else every row with every row.
///
/// *Shapes*: gives the left columns, then the right ones.
/// *Nulls*: a row with a null key has no partner.
package struct Join: Sendable, Hashable {
    package var kind: JoinKind
    /// Over the left input; the n-th equals the n-th of `rightKeys` and has its type.
    package var leftKeys: [Expression]
    /// Over the right input.
    package var rightKeys: [Expression]
    /// What else a pair must satisfy, over the left columns, then the right ones.
    package var residual: Expression?

    package init(
        _ kind: JoinKind, leftKeys: [Expression] = [], rightKeys: [Expression] = [],
        residual: Expression? = nil
    ) {
        self.kind = kind
        self.leftKeys = leftKeys
        self.rightKeys = rightKeys
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
        return Schema(optional(left.fields, kind.keepsRight) + optional(right.fields, kind.keepsLeft))
    }
}
