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
/// - Cost: one evaluation a batch. Where a row fails, the batch is cut in halves until the guilty rows stand alone; where
///   memory does, until as many rows are left as it holds.
struct ProgramTransform: RowTransform {
    /// The most values of the rows that are made at once, where events unfold: 16 MB of strings' views.
    static let cellLimit = 1 << 20
    static let tooManyRows = "too_many_rows"
    /// Halves with so much are not joined any more.
    private static let joinBytes = 16 << 20

    let program: PipelineProgram
    private let branches: [BranchWork]
    private let context: KernelContext
    private let memory: ExpressionMemory?
    /// The most rows that are made at once.
    private let rowLimit: Int

    /// `now()` is the moment the pipeline was made. Nobody counts what is made without `memory`.
    init(
        program: PipelineProgram, now: Instant, randomness: any Randomness = LiveRandomness(),
        supervisor: (any KernelSupervisor)? = nil, memory: ExpressionMemory? = nil,
        cellLimit: Int = Self.cellLimit
    ) {
        self.program = program
        self.memory = memory
        var context = KernelContext(now: now, randomness: randomness, missingJSONIsDefault: true)
        context.supervisor = supervisor
        self.context = context
        branches = program.branches.map { BranchWork($0) }
        let width = branches.map(\.width).max() ?? 1
        // What does not unfold makes a row of an event at most.
        rowLimit = program.unfolds ? max(1, cellLimit / max(1, width)) : .max
    }

    var output: Schema { program.schema }
    var unfolds: Bool { program.unfolds }

    /// - Errors: `TransformStopped` when the supervisor says so; `SCH-202` when one row alone finds no memory now.
    func apply(_ batch: Batch) throws -> TransformedRows { try apply(batch, room: rowLimit) }

    /// Makes `room` rows at most; of no row of the batch where not even the first one's have room.
    private func apply(_ batch: Batch, room: Int) throws -> TransformedRows {
        if context.supervisor?.isStopped ?? false { throw TransformStopped() }
        let hold = try memory?.hold()
        do {
            if let rows = try evaluate(batch, room: room, hold) { return rows }
        } catch let error as KernelError where error.code == .interrupted {
            throw TransformStopped()
        } catch let error as KernelError where error.code != .unsupported {
            try hold?.shrink(to: 0)
            if batch.rowCount > 1 { return try halves(of: batch, room: room, error.asksForFewerRows) }
            if error.code == .memoryExhausted, let refusal = hold?.ledgerRefusal { throw refusal }
            return nothing(inputCount: 1, code: error.code.rawValue, error.message)
        }
        try hold?.shrink(to: 0)
        if batch.rowCount > 1 { return try halves(of: batch, room: room, false) }
        guard room == rowLimit else { return nothing(inputCount: 0) }
        return nothing(
            inputCount: 1, code: Self.tooManyRows, "the event makes more than \(rowLimit) rows")
    }

    /// The second half waits where the first leaves no room for it, or memory asks for `fewer` rows.
    private func halves(of batch: Batch, room: Int, _ fewer: Bool) throws -> TransformedRows {
        let middle = batch.rowCount / 2
        let left = try apply(batch.slice(0..<middle).dense(), room: room)
        guard left.inputCount == middle, !fewer, left.byteCount < Self.joinBytes else { return left }
        let right = try apply(batch.slice(middle..<batch.rowCount).dense(), room: room - left.rowCount)
        return join(left, right)
    }

    /// Nil when there are more rows than `room`.
    private func evaluate(_ batch: Batch, room: Int, _ hold: RowsHold?) throws -> TransformedRows? {
        var context = context
        if let hold { context.supervisor = ExpressionSupervisor(runner: context.supervisor, rows: hold) }
        let evaluator = ExpressionEvaluator(context: context)
        guard var rows = try evaluate(batch, room: room, evaluator) else { return nil }
        if let hold {
            try hold.shrink(to: rows.byteCount)
            rows.holds = [hold]
        }
        return rows
    }

    private func evaluate(
        _ batch: Batch, room: Int, _ evaluator: ExpressionEvaluator
    ) throws -> TransformedRows? {
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
        var joined = TransformedRows(
            inputCount: left.inputCount + right.inputCount, columns: columns,
            sources: leftSources + rightSources.map { $0 + Int32(left.inputCount) },
            rejected: left.rejected
                + right.rejected.map {
                    RejectedRow(row: $0.row + left.inputCount, code: $0.code, message: $0.message)
                })
        joined.holds = left.holds + right.holds
        return joined
    }
}

extension TransformedRows {
    fileprivate var byteCount: Int { columns.reduce(0) { $0 + $1.byteCount } }
}
