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
    /// Columns of a pair that the rest of the condition reads.
    private let testedColumns: Set<Int>

    init(_ join: Join, _ left: Schema, _ right: Schema) {
        self.join = join
        self.left = left
        self.right = right
        schema = Join.schema(join.kind, left, right)
        pairSchema = Join.pairSchema(left, right)
        testedColumns = Set(join.residual?.columns ?? [])
    }

    /// Pairs of rows as the rest of the condition sees them; columns that it does not read are null.
    func tested(_ left: Batch, _ leftRows: [Int32], _ right: Batch, _ rightRows: [Int32]) -> Batch {
        let columns = pairSchema.fields.indices.map { index -> Column in
            guard testedColumns.contains(index) else {
                return .nulls(pairSchema.fields[index].type, count: leftRows.count)
            }
            return index < left.columns.count
                ? left.columns[index].gather(leftRows)
                : right.columns[index - left.columns.count].gather(rightRows)
        }
        return Batch(schema: pairSchema, columns: columns, rowCount: leftRows.count)
    }

    /// Every left row meets every right row.
    var isNestedLoop: Bool { join.leftKeys.isEmpty && join.membership == nil }

    /// What a partner is found by: the keys, and what is sought by membership.
    var leftKeys: [Expression] { join.leftKeys + (join.membership.map { [$0.left] } ?? []) }
    var rightKeys: [Expression] { join.rightKeys + (join.membership.map { [$0.right] } ?? []) }
    var nullsMatch: [Bool] { join.nullsMatch + (join.membership.map { _ in [false] } ?? []) }
}
