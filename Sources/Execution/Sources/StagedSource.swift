import Columnar
import Kernels
import Plans

/// What a filter or projection does to each batch on its way; nil drops the batch.
protocol Stage: Sendable {
    func apply(_ batch: Batch) throws -> Batch?
}

/// An operator without memory: its work becomes part of its input's morsels.
struct StagedSource<Work: Stage>: MorselSource {
    let input: any MorselSource
    let stage: Work
    let context: QueryContext

    var isSequential: Bool { input.isSequential }

    func prepare() async throws { try await input.prepare() }

    func next() async throws -> Morsel? {
        guard let morsel = try await input.next() else { return nil }
        return Morsel { emit in
            try morsel.run { batch in try run(batch, emit) }
        }
    }

    /// Where the results of all rows are too much, those of fewer may do.
    private func run(_ batch: Batch, _ emit: (Batch) throws -> Demand) throws -> Demand {
        try context.check()
        let result: Batch?
        do {
            result = try stage.apply(batch)
        } catch let error as KernelError where error.asksForFewerRows && batch.rowCount > 1 {
            let dense = batch.dense()
            let middle = dense.rowCount / 2
            if try run(dense.slice(0..<middle), emit) == .finished { return .finished }
            return try run(dense.slice(middle..<dense.rowCount), emit)
        }
        guard let result else { return .more }
        return try emit(result)
    }
}

struct FilterStage: Stage {
    let condition: Expression
    let evaluator: ExpressionEvaluator

    func apply(_ batch: Batch) throws -> Batch? { try evaluator.filter(batch, where: condition) }
}

struct ProjectStage: Stage {
    let projection: Projection
    let schema: Schema
    let evaluator: ExpressionEvaluator

    init(_ projection: Projection, _ evaluator: ExpressionEvaluator) {
        self.projection = projection
        schema = projection.schema
        self.evaluator = evaluator
    }

    /// Columns that are only passed on keep the selection; anything computed comes dense.
    func apply(_ batch: Batch) throws -> Batch? {
        let indices = projection.expressions.compactMap { expression -> Int? in
            if case .column(let index, _) = expression { index } else { nil }
        }
        if indices.count == projection.expressions.count {
            return Batch(
                schema: schema, columns: indices.map { batch.columns[$0] }, rowCount: batch.columnRowCount,
                selection: batch.selection)
        }
        let columns = try evaluator.evaluate(projection.expressions, over: batch)
        for column in columns { try column.checkGrowth() }
        return Batch(schema: schema, columns: columns, rowCount: batch.rowCount)
    }
}
