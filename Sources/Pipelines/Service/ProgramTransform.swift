import Columnar
import Effects
import Execution
import Faults
import Kernels
import Planner
import Plans

/// Runs a pipeline's program: the filter, then the columns, with the kernels that queries use.
///
/// - Cost: one evaluation a batch. Where a row fails, the batch is cut in halves until the guilty rows stand alone; where
///   memory does, until as many rows are left as it holds.
struct ProgramTransform: RowTransform {
    /// Halves with so much are not joined any more.
    private static let joinBytes = 16 << 20

    let program: PipelineProgram
    private let context: KernelContext
    private let memory: ExpressionMemory?

    /// `now()` is the moment the pipeline was made. Nobody counts what is made without `memory`.
    init(
        program: PipelineProgram, now: Instant, randomness: any Randomness = LiveRandomness(),
        supervisor: (any KernelSupervisor)? = nil, memory: ExpressionMemory? = nil
    ) {
        self.program = program
        self.memory = memory
        var context = KernelContext(now: now, randomness: randomness, missingJSONIsDefault: true)
        context.supervisor = supervisor
        self.context = context
    }

    var output: Schema { program.schema }

    /// - Errors: `TransformStopped` when the supervisor says so; `SCH-202` when one row alone finds no memory now.
    func apply(_ batch: Batch) throws -> TransformedRows {
        if context.supervisor?.isStopped ?? false { throw TransformStopped() }
        let hold = try memory?.hold()
        do {
            return try evaluate(batch, hold)
        } catch let error as KernelError where error.code == .interrupted {
            throw TransformStopped()
        } catch let error as KernelError where error.code != .unsupported {
            try hold?.shrink(to: 0)
            guard batch.rowCount > 1 else {
                if error.code == .memoryExhausted, let refusal = hold?.ledgerRefusal { throw refusal }
                let rejected = RejectedRow(row: 0, code: error.code.rawValue, message: error.message)
                return TransformedRows(columns: emptyColumns, sources: [], rejected: [rejected])
            }
            let middle = batch.rowCount / 2
            var left = try apply(batch.slice(0..<middle).dense())
            if error.asksForFewerRows || left.rowCount != nil || left.byteCount >= Self.joinBytes {
                left.rowCount = left.rowCount ?? middle
                return left
            }
            let right = try apply(batch.slice(middle..<batch.rowCount).dense())
            return join(left, right, leftRows: middle, rightRows: batch.rowCount - middle)
        }
    }

    private func evaluate(_ batch: Batch, _ hold: RowsHold?) throws -> TransformedRows {
        var context = context
        if let hold { context.supervisor = ExpressionSupervisor(runner: context.supervisor, rows: hold) }
        let evaluator = ExpressionEvaluator(context: context)
        var input = batch
        if let filter = program.filter {
            guard let kept = try evaluator.filter(batch, where: filter) else {
                return TransformedRows(columns: emptyColumns, sources: [])
            }
            input = kept
        }
        let columns = try evaluator.evaluate(program.projection.expressions, over: input)
        for column in columns { try column.checkGrowth() }
        var rows = TransformedRows(columns: columns, sources: input.selection)
        if let hold {
            try hold.shrink(to: rows.byteCount)
            rows.holds = [hold]
        }
        return rows
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
        var joined = TransformedRows(
            columns: columns, sources: leftSources + rightSources.map { $0 + Int32(leftRows) },
            rejected: left.rejected
                + right.rejected.map {
                    RejectedRow(row: $0.row + leftRows, code: $0.code, message: $0.message)
                })
        joined.rowCount = right.rowCount.map { leftRows + $0 }
        joined.holds = left.holds + right.holds
        return joined
    }
}

extension TransformedRows {
    fileprivate var byteCount: Int { columns.reduce(0) { $0 + $1.byteCount } }
}
