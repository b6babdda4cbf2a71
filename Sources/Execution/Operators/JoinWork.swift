import Columnar
import Plans

/// A join with the columns it gives.
struct JoinWork: Sendable {
    let join: Join
    let schema: Schema
    let left: Schema
    let right: Schema

    init(_ join: Join, _ left: Schema, _ right: Schema) {
        self.join = join
        self.left = left
        self.right = right
        schema = Join.schema(join.kind, left, right)
    }

    /// Every left row meets every right row.
    var isNestedLoop: Bool { join.leftKeys.isEmpty }
}
