import Columnar
import Plans

/// What a filter or projection does to each batch on its way; nil drops the batch.
protocol Stage: Sendable {
    func apply(_ batch: Batch) throws -> Batch?
}

/// An operator without memory: its work becomes part of its input's morsels.
struct StagedSource<Work: Stage>: MorselSource {
    let input: any MorselSource
    let stage: Work
    let profile: OperatorProfile
    let context: QueryContext

    var isSequential: Bool { input.isSequential }

    func prepare() async throws { try await input.prepare() }

    func next() async throws -> Morsel? {
        guard let morsel = try await input.next() else { return nil }
        return Morsel { emit in
            try morsel.run { batch in
                guard let result = try profile.timed(context.clock, { try stage.apply(batch) }) else {
                    return .more
                }
                profile.gave(result.rowCount)
                return try emit(result)
            }
        }
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
        return Batch(schema: schema, columns: columns, rowCount: batch.rowCount)
    }
}
