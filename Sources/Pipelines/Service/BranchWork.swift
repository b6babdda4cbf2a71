import Columnar
import Execution
import Kernels
import Planner
import Plans

/// Takes a batch of events through the steps of one branch.
struct BranchWork: Sendable {
    struct Rows {
        /// Nil without rows.
        var columns: [Column]?
        /// For each row the event it came from; nil when they are all events, in their order.
        var sources: [Int32]?
    }

    private let steps: [(step: PipelineStep, work: UnnestWork?)]
    /// The most single values of a row, at any step.
    let width: Int

    init(_ branch: PipelineBranch) {
        steps = branch.steps.map { step in
            (step, step.unnesting.map { UnnestWork($0, over: step.projection.schema, limit: Batch.capacity) })
        }
        width = branch.steps.map { $0.output.fields.reduce(0) { $0 + $1.type.columnWidth } }.max() ?? 1
    }

    /// Nil when the rows of some step are more than `room`.
    func run(_ batch: Batch, room: Int, _ evaluator: ExpressionEvaluator) throws -> Rows? {
        var current = batch
        var sources: [Int32]?
        for (step, work) in steps {
            if let filter = step.filter {
                guard let kept = try evaluator.filter(current, where: filter) else {
                    return Rows(sources: [])
                }
                current = kept
            }
            if let kept = current.selection {
                sources = sources.map { all in kept.map { all[Int($0)] } } ?? kept
            }
            let columns = try evaluator.evaluate(step.projection.expressions, over: current)
            for column in columns { try column.checkGrowth() }
            guard let work else { return Rows(columns: columns, sources: sources) }
            let input = Batch(schema: step.projection.schema, columns: columns, rowCount: current.rowCount)
            guard let made = try work.unnested(input, atMost: room, evaluator) else { return nil }
            if made.rows.isEmpty { return Rows(sources: []) }
            sources = sources.map { all in made.rows.map { all[Int($0)] } } ?? made.rows
            current = made.batch
        }
        preconditionFailure("the last step of a branch makes no rows of lists")
    }
}
