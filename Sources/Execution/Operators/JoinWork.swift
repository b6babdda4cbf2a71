import Columnar
import Plans

/// A join with the columns it gives.
struct JoinWork: Sendable {
    let join: Join
    let schema: Schema
    /// Of a left row beside a right one.
    let pairSchema: Schema
    let left: Schema
    let right: Schema

    init(_ join: Join, _ left: Schema, _ right: Schema) {
        self.join = join
        self.left = left
        self.right = right
        schema = Join.schema(join.kind, left, right)
        pairSchema = Join.pairSchema(left, right)
    }

    /// Every left row meets every right row.
    var isNestedLoop: Bool { join.leftKeys.isEmpty && join.membership == nil }

    /// What a partner is found by: the keys, and what is sought by membership.
    var leftKeys: [Expression] { join.leftKeys + (join.membership.map { [$0.left] } ?? []) }
    var rightKeys: [Expression] { join.rightKeys + (join.membership.map { [$0.right] } ?? []) }
    var nullsMatch: [Bool] { join.nullsMatch + (join.membership.map { _ in [false] } ?? []) }
}
