package import Columnar
package import Plans
package import SQLSyntax

/// What one INSERT of a pipeline makes of the events of one stream, ready to run on batches.
///
/// Each event goes through every branch, and the rows of all of them are its rows: none, one or many.
package struct PipelineProgram: Sendable, Hashable {
    package let sink: String
    package let stream: String
    /// One for each SELECT that reads the stream; none where no event can pass.
    package let branches: [PipelineBranch]
    /// The sink's columns; a required one is read from a required field unchanged.
    package let schema: Schema
    /// Where each of them stands in the SQL.
    package let places: [TextPosition]
    /// The first of them whose name one before it has; it goes by another one, as `id_1`.
    package let repeatedColumn: RepeatedColumn?

    /// Whether an event may become several rows.
    package var unfolds: Bool {
        branches.count > 1 || branches.contains { branch in branch.steps.contains { $0.unnesting != nil } }
    }
}

/// A column whose name is taken, as it was written.
package struct RepeatedColumn: Sendable, Hashable {
    package let name: String
    package let position: TextPosition
}

/// One way of events to rows: steps, all but the last of which unnest.
package struct PipelineBranch: Sendable, Hashable {
    package let steps: [PipelineStep]

    /// What no later step reads is NULL from the step on: it would be repeated for each element.
    init(_ steps: [PipelineStep]) {
        var steps = steps
        for index in steps.indices.dropLast().reversed() {
            guard let unnesting = steps[index].unnesting else { continue }
            let next = steps[index + 1]
            var read = next.filter?.columns ?? []
            for expression in next.projection.expressions + unnesting.expressions {
                read.formUnion(expression.columns)
            }
            for column in steps[index].projection.expressions.indices where !read.contains(column) {
                let type = steps[index].projection.expressions[column].type
                steps[index].projection.expressions[column] = .null(type)
            }
        }
        self.steps = steps
    }
}

/// A filter, then columns, then perhaps rows made of the columns' lists.
package struct PipelineStep: Sendable, Hashable {
    /// Over the input's columns; nil lets every row pass.
    package let filter: Expression?
    /// Over the input's columns.
    package fileprivate(set) var projection: Projection
    /// Over the projection's columns.
    package let unnesting: Unnesting?

    init(filter: Expression?, projection: Projection, unnesting: Unnesting? = nil) {
        self.filter = filter
        self.projection = projection
        self.unnesting = unnesting
    }

    /// The columns of the next step, or of the sink.
    package var output: Schema { unnesting?.schema(over: projection.schema) ?? projection.schema }
}
