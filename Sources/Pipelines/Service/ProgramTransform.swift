import Columnar
import Effects
import Execution
import Faults
import Kernels
import Planner
import Plans

/// Runs a pipeline's program: the filter, then the columns, with the kernels that queries use.
///
/// - Cost: one evaluation a batch. Where a row fails, the batch is cut in halves until the guilty rows stand alone.
struct ProgramTransform: RowTransform {
    let program: PipelineProgram
    private let evaluator: ExpressionEvaluator

    /// `now()` is the moment the pipeline was made.
    init(program: PipelineProgram, now: Instant, supervisor: (any KernelSupervisor)? = nil) {
        self.program = program
        var context = KernelContext(now: now, missingJSONIsDefault: true)
        context.supervisor = supervisor
        evaluator = ExpressionEvaluator(context: context)
    }

    var output: Schema { program.schema }

    /// - Errors: `TransformStopped` when the supervisor says so.
    func apply(_ batch: Batch) throws -> TransformedRows {
        if evaluator.context.supervisor?.isStopped ?? false { throw TransformStopped() }
        do {
            return try evaluate(batch)
        } catch let error as KernelError where error.code == .interrupted {
            throw TransformStopped()
        } catch let error as KernelError where error.code != .unsupported {
            guard batch.rowCount > 1 else {
                let rejected = RejectedRow(row: 0, code: error.code.rawValue, message: error.message)
                return TransformedRows(columns: emptyColumns, sources: [], rejected: [rejected])
            }
            let middle = batch.rowCount / 2
            let left = try apply(batch.slice(0..<middle).dense())
            let right = try apply(batch.slice(middle..<batch.rowCount).dense())
            return join(left, right, leftRows: middle, rightRows: batch.rowCount - middle)
        }
    }

    private func evaluate(_ batch: Batch) throws -> TransformedRows {
        var input = batch
        if let filter = program.filter {
            guard let kept = try evaluator.filter(batch, where: filter) else {
                return TransformedRows(columns: emptyColumns, sources: [])
            }
            input = kept
        }
        let columns = try evaluator.evaluate(program.projection.expressions, over: input)
        for column in columns { try column.checkGrowth() }
        return TransformedRows(columns: columns, sources: input.selection)
    }

    private var emptyColumns: [Column] { program.schema.fields.map { .nulls($0.type, count: 0) } }

    private func join(
        _ left: TransformedRows, _ right: TransformedRows, leftRows: Int, rightRows: Int
    ) -> TransformedRows {
        let leftSources = left.sources ?? (0..<Int32(leftRows)).map { $0 }
        let rightSources = right.sources ?? (0..<Int32(rightRows)).map { $0 }
        let columns = zip(left.columns, right.columns).map { left, right in
            Column.concatenate([left, right], type: left.type)
        }
        return TransformedRows(
            columns: columns, sources: leftSources + rightSources.map { $0 + Int32(leftRows) },
            rejected: left.rejected
                + right.rejected.map {
                    RejectedRow(row: $0.row + leftRows, code: $0.code, message: $0.message)
                })
    }
}
