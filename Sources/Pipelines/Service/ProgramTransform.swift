import Columnar
import Effects
import Execution
import Faults
import Kernels
import Planner
import Plans

/// Runs a pipeline's program: its branches, with the kernels that queries use.
///
/// An event that fails in one branch is rejected as a whole. So is one that alone makes more rows than are made at once.
///
/// - Cost: one evaluation a batch. Where a row fails, the batch is cut in halves until the guilty rows stand alone.
struct ProgramTransform: RowTransform {
    /// The most values of the rows that are made at once, where events unfold: 16 MB of strings' views.
    static let cellLimit = 1 << 20
    static let tooManyRows = "too_many_rows"

    let program: PipelineProgram
    private let branches: [BranchWork]
    private let evaluator: ExpressionEvaluator
    /// The most rows that are made at once.
    private let rowLimit: Int

    /// `now()` is the moment the pipeline was made.
    init(
        program: PipelineProgram, now: Instant, supervisor: (any KernelSupervisor)? = nil,
        cellLimit: Int = Self.cellLimit
    ) {
        self.program = program
        var context = KernelContext(now: now, missingJSONIsDefault: true)
        context.supervisor = supervisor
        evaluator = ExpressionEvaluator(context: context)
        branches = program.branches.map { BranchWork($0) }
        let width = branches.map(\.width).max() ?? 1
        // What does not unfold makes a row of an event at most.
        rowLimit = program.unfolds ? max(1, cellLimit / max(1, width)) : .max
    }

    var output: Schema { program.schema }
    var unfolds: Bool { program.unfolds }

    /// - Errors: `TransformStopped` when the supervisor says so.
    func apply(_ batch: Batch) throws -> TransformedRows { try apply(batch, room: rowLimit) }

    /// Makes `room` rows at most; of no row of the batch where not even the first one's have room.
    private func apply(_ batch: Batch, room: Int) throws -> TransformedRows {
        if evaluator.context.supervisor?.isStopped ?? false { throw TransformStopped() }
        do {
            if let rows = try evaluate(batch, room: room) { return rows }
            if batch.rowCount > 1 { return try halves(of: batch, room: room) }
            guard room == rowLimit else { return nothing(inputCount: 0) }
            return nothing(
                inputCount: 1, code: Self.tooManyRows, "the event makes more than \(rowLimit) rows")
        } catch let error as KernelError where error.code == .interrupted {
            throw TransformStopped()
        } catch let error as KernelError where error.code != .unsupported {
            if batch.rowCount > 1 { return try halves(of: batch, room: room) }
            return nothing(inputCount: 1, code: error.code.rawValue, error.message)
        }
    }

    private func halves(of batch: Batch, room: Int) throws -> TransformedRows {
        let middle = batch.rowCount / 2
        let left = try apply(batch.slice(0..<middle).dense(), room: room)
        guard left.inputCount == middle else { return left }
        let right = try apply(batch.slice(middle..<batch.rowCount).dense(), room: room - left.rowCount)
        return join(left, right)
    }

    /// Nil when there are more rows than `room`.
    private func evaluate(_ batch: Batch, room: Int) throws -> TransformedRows? {
        if branches.count == 1 {
            guard let rows = try branches[0].run(batch, room: room, evaluator) else { return nil }
            return TransformedRows(
                inputCount: batch.rowCount, columns: rows.columns ?? emptyColumns, sources: rows.sources)
        }
        var parts: [[Column]] = []
        var sources: [Int32] = []
        for branch in branches {
            guard let rows = try branch.run(batch, room: room - sources.count, evaluator) else { return nil }
            guard let columns = rows.columns else { continue }
            parts.append(columns)
            sources += rows.sources ?? (0..<Int32(batch.rowCount)).map { $0 }
            guard sources.count <= room else { return nil }
        }
        let columns = program.schema.fields.indices.map { index in
            Column.concatenate(parts.map { $0[index] }, type: program.schema.fields[index].type)
        }
        return TransformedRows(
            inputCount: batch.rowCount, columns: parts.isEmpty ? emptyColumns : columns, sources: sources)
    }

    private func nothing(inputCount: Int, code: String? = nil, _ message: String = "") -> TransformedRows {
        TransformedRows(
            inputCount: inputCount, columns: emptyColumns, sources: [],
            rejected: code.map { [RejectedRow(row: 0, code: $0, message: message)] } ?? [])
    }

    private var emptyColumns: [Column] { program.schema.fields.map { .nulls($0.type, count: 0) } }

    private func join(_ left: TransformedRows, _ right: TransformedRows) -> TransformedRows {
        let leftSources = left.sources ?? (0..<Int32(left.inputCount)).map { $0 }
        let rightSources = right.sources ?? (0..<Int32(right.inputCount)).map { $0 }
        let columns = zip(left.columns, right.columns).map { left, right in
            Column.concatenate([left, right], type: left.type)
        }
        return TransformedRows(
            inputCount: left.inputCount + right.inputCount, columns: columns,
            sources: leftSources + rightSources.map { $0 + Int32(left.inputCount) },
            rejected: left.rejected
                + right.rejected.map {
                    RejectedRow(row: $0.row + left.inputCount, code: $0.code, message: $0.message)
                })
    }
}
