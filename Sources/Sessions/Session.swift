package import Catalogs
import Columnar
import Effects
import Execution
import Planner
import Plans
import SQLSyntax
import Scheduling

/// Runs statements: reads the text, finds the tables, plans, executes.
///
/// - Threads: any; statements do not share state.
package final class Session: Sendable {
    let catalog: Catalog
    let engine: QueryEngine
    package let queries: QueryRegistry
    /// Optimiser passes that do not run; for tests that compare answers.
    let disabledPasses: Set<String>

    package init(
        catalog: Catalog, engine: QueryEngine, queries: QueryRegistry, disabledPasses: Set<String> = []
    ) {
        self.catalog = catalog
        self.engine = engine
        self.queries = queries
        self.disabledPasses = disabledPasses
    }

    /// - Errors: `SYN-…`, `PLA-…` with line and column; `CAT-…`; `SES-…`; later, from the batches, Execution's.
    package func run(_ request: StatementRequest) async throws -> StatementResult {
        let ticket = try queries.begin(request)
        do {
            try request.cancellation.check()
            return try await run(try SQLParser.statement(request.sql), request, ticket)
        } catch {
            ticket.finish(fault: error)
            throw error
        }
    }

    private func run(
        _ statement: StatementSyntax, _ request: StatementRequest, _ ticket: QueryTicket
    ) async throws -> StatementResult {
        let warehouse = try await catalog.warehouse(named: request.warehouse)
        switch statement {
        case .query(let query):
            let planned = try await plan(query, in: warehouse, request)
            let run = try engine.start(planned.result.plan, now: planned.now, token: request.cancellation)
            return StatementResult(
                queryID: ticket.id, schema: run.schema,
                batches: StatementBatches(source: .run(run), ticket: ticket),
                metrics: { QueryMetrics(run) })
        case .explain(let explain):
            let planned = try await plan(explain.query, in: warehouse, request)
            guard explain.isAnalyzing else {
                return answer(ExplainStatement.answer(planned.result, explain.format), ticket)
            }
            let run = try engine.start(planned.result.plan, now: planned.now, token: request.cancellation)
            while try await run.next() != nil {}
            return answer(ExplainStatement.profile(run.profile), ticket) { QueryMetrics(run) }
        case .showNamespaces(let pattern):
            return answer(
                try await CatalogStatements(self, warehouse, request).namespaces(like: pattern), ticket)
        case .showTables(let namespace, let pattern):
            return answer(
                try await CatalogStatements(self, warehouse, request).tables(in: namespace, like: pattern),
                ticket)
        case .describe(let name):
            return answer(try await CatalogStatements(self, warehouse, request).describe(name), ticket)
        case .createNamespace(let name, let ifNotExists):
            return answer(
                try await CatalogStatements(self, warehouse, request).create(name, ifNotExists: ifNotExists),
                ticket)
        case .dropNamespace(let name, let ifExists, let isCascading):
            return answer(
                try await CatalogStatements(self, warehouse, request)
                    .drop(name, ifExists: ifExists, isCascading: isCascading), ticket)
        case .insert(let insert):
            throw SessionsError(
                .unsupportedStatement, "INSERT is not supported here", at: insert.position.place,
                hint: "send events to a stream, or write through the catalog")
        }
    }

    /// Settings take the time once, so that all of a statement has the same `now()`.
    private func plan(
        _ query: QuerySyntax, in warehouse: Warehouse, _ request: StatementRequest
    ) async throws -> (result: Planner.Result, now: Instant) {
        let tables = try await TableResolver(catalog: catalog, warehouse: warehouse, request: request)
            .resolve(Planner.tables(in: query))
        let now = engine.clock.now
        var settings = PlannerSettings(now: now)
        settings.disabledPasses = disabledPasses
        return (
            try Planner(settings: settings, parameters: request.parameters).plan(query, tables: tables), now
        )
    }

    /// Rows that are there already.
    private func answer(
        _ batch: Batch, _ ticket: QueryTicket,
        metrics: @escaping @Sendable () -> QueryMetrics = { QueryMetrics() }
    ) -> StatementResult {
        StatementResult(
            queryID: ticket.id, schema: batch.schema,
            batches: StatementBatches(source: .ready(batch), ticket: ticket),
            metrics: metrics)
    }
}
