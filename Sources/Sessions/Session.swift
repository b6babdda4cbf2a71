package import Catalogs
import Columnar
package import Effects
import Planner
import Plans
import SQLSyntax
import Scheduling

/// Runs statements: reads the text, finds the tables, plans, executes.
///
/// - Threads: any; statements do not share state.
package final class Session: Sendable {
    let catalog: Catalog
    let executor: any QueryExecutor
    let clock: any Clock
    package let queries: QueryRegistry

    package init(
        catalog: Catalog, executor: any QueryExecutor, clock: any Clock, queries: QueryRegistry
    ) {
        self.catalog = catalog
        self.executor = executor
        self.clock = clock
        self.queries = queries
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
            let execution = try await executor.start(
                planned.result.plan, now: planned.now, cancellation: request.cancellation)
            return StatementResult(
                queryID: ticket.id, schema: planned.result.plan.schema,
                batches: StatementBatches(source: execution.batches, ticket: ticket),
                metrics: execution.metrics)
        case .explain(let explain):
            let planned = try await plan(explain.query, in: warehouse, request)
            return answer(try ExplainStatement(explain).answer(planned.result), ticket)
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
        let now = clock.now
        let planner = Planner(settings: PlannerSettings(now: now), parameters: request.parameters)
        return (try planner.plan(query, tables: tables), now)
    }

    /// Rows that are there already.
    private func answer(_ batch: Batch, _ ticket: QueryTicket) -> StatementResult {
        let (stream, continuation) = AsyncThrowingStream<Batch, any Error>.makeStream()
        if batch.rowCount > 0 { continuation.yield(batch) }
        continuation.finish()
        return StatementResult(
            queryID: ticket.id, schema: batch.schema,
            batches: StatementBatches(source: stream, ticket: ticket),
            metrics: { QueryMetrics() })
    }
}
