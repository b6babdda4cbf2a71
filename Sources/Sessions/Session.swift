package import Catalogs
import Columnar
import Effects
import Execution
import Faults
import Iceberg
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
        let start = engine.clock.monotonicNanoseconds
        let ticket = try queries.begin(request)
        do {
            try request.cancellation.check()
            let (changes, statement, parameters) = try await parse(request)
            try request.check(against: parameters)
            var request = request
            for change in changes { try request.apply(change) }
            if statement.isSetting {
                try request.apply(statement)
                return answer(SettingStatements.settings(of: request), ticket)
            }
            request.namespace = request.settings.namespace ?? request.namespace
            let session = under(request.settings)
            if let limit = session.engine.timeLimitNanoseconds {
                let (deadline, overflow) = start.addingReportingOverflow(limit)
                request.cancellation.giveUp(
                    atNanoseconds: overflow ? .max : deadline, on: engine.clock)
            }
            return try await session.run(statement, request, ticket)
        } catch {
            // What was given up is told as what it is; a commit's failure stays one.
            let isGivenUp = (error as? any Fault)?.kind == .cancelled
            let reason = isGivenUp ? request.cancellation.reason ?? error : error
            ticket.finish(fault: reason)
            throw reason
        }
    }

    /// Shorter text is parsed where it is: in less time than the way to another thread takes.
    private static let shortBytes = 4 << 10

    private func parse(_ request: StatementRequest) async throws -> (
        settings: [StatementSyntax], statement: StatementSyntax, parameters: ParameterUse
    ) {
        let sql = request.sql
        if sql.utf8.count < Self.shortBytes { return try SQLParser.request(sql) }
        return try await engine.compute(for: request.cancellation) { try SQLParser.request(sql) }
    }

    /// The same session with what a request set; nothing it sets goes beyond the server's limits.
    private func under(_ settings: StatementSettings) -> Session {
        if settings == StatementSettings() { return self }
        var engine = engine
        if let bytes = settings.queryMemoryBytes {
            engine.memoryLimitBytes = min(bytes, engine.memoryLimitBytes)
        }
        if let milliseconds = settings.timeoutMilliseconds {
            let (nanoseconds, overflow) = milliseconds.multipliedReportingOverflow(by: 1_000_000)
            let asked = overflow ? Int64.max : nanoseconds
            engine.timeLimitNanoseconds = min(asked, engine.timeLimitNanoseconds ?? asked)
        }
        return Session(
            catalog: catalog, engine: engine, queries: queries,
            disabledPasses: disabledPasses.union(settings.disabledPasses))
    }

    private func run(
        _ statement: StatementSyntax, _ request: StatementRequest, _ ticket: QueryTicket
    ) async throws -> StatementResult {
        let warehouse = try await catalog.warehouse(named: request.warehouse)
        switch statement {
        case .query(var query):
            if request.settings.hasHostedLimits { query = try HostedLimits.apply(to: query) }
            let planned = try await plan(query, in: warehouse, request)
            let run = try engine.start(planned.result.plan, now: planned.now, token: request.cancellation)
            ticket.show(profile: { run.profile.text })
            return StatementResult(
                queryID: ticket.id, schema: run.schema,
                batches: StatementBatches(source: .run(run), ticket: ticket),
                metrics: { QueryMetrics(run) })
        case .explain(let explain):
            let planned = try await plan(explain.subject, in: warehouse, request, ticket)
            guard explain.isAnalyzing else {
                return answer(ExplainStatement.answer(planned.result, explain), ticket)
            }
            let run = try engine.start(
                planned.result.plan, now: planned.now, token: request.cancellation, measuresBytes: true)
            ticket.show(profile: { run.profile.text })
            while try await run.next() != nil {}
            let profile = ExplainStatement.profile(run.profile, planned.result, explain)
            return answer(profile, ticket) { QueryMetrics(run) }
        default:
            do {
                return answer(try await answer(to: statement, in: warehouse, request, ticket), ticket)
            } catch let fault as CatalogError where fault.place == nil {
                throw statement.subject.map { fault.at($0.position.place) } ?? fault
            }
        }
    }

    /// What a statement that is no query answers, once it is done.
    private func answer(
        to statement: StatementSyntax, in warehouse: Warehouse, _ request: StatementRequest,
        _ ticket: QueryTicket
    ) async throws -> Batch {
        let catalog = CatalogStatements(self, warehouse, request)
        let tables = TableStatements(
            session: self, warehouse: warehouse, request: request, queryID: ticket.id)
        switch statement {
        case .query, .explain: preconditionFailure("queries stream their answer")
        case .showNamespaces(let pattern): return try await catalog.namespaces(like: pattern)
        case .showFunctions(let pattern): return try catalog.functions(like: pattern)
        case .showTables(let namespace, let pattern):
            return try await catalog.tables(in: namespace, like: pattern)
        case .showViews(let namespace, let pattern):
            return try await catalog.views(in: namespace, like: pattern)
        case .showCreate(let name, let isView):
            return try await DescriptionStatements(catalog).create(name, isView: isView)
        case .describe(let name, let isExtended):
            return try await DescriptionStatements(catalog).describe(name, isExtended: isExtended)
        case .describeQuery(let query):
            return DescriptionStatements.answer(try await columns(of: query, in: warehouse, request))
        case .createNamespace(let syntax): return try await catalog.create(syntax)
        case .alterNamespace(let name, let change): return try await catalog.alter(name, change)
        case .dropNamespace(let name, let ifExists, let isCascading):
            return try await catalog.drop(name, ifExists: ifExists, isCascading: isCascading)
        case .createTable(let syntax): return try await tables.create(syntax)
        case .insert(let insert): return try await tables.insert(insert)
        case .truncate(let names): return try await tables.truncate(names)
        case .dropTables(let names, let ifExists, let isPurging):
            return try await tables.drop(names, ifExists: ifExists, isPurging: isPurging)
        case .alterTable(let syntax):
            return try await AlterTableStatement(session: self, warehouse: warehouse, request: request)
                .run(syntax)
        case .createView(let syntax):
            return try await ViewStatements(session: self, warehouse: warehouse, request: request)
                .create(syntax)
        case .alterView(let syntax):
            return try await ViewStatements(session: self, warehouse: warehouse, request: request)
                .alter(syntax)
        case .dropViews(let names, let ifExists):
            return try await ViewStatements(session: self, warehouse: warehouse, request: request)
                .drop(names, ifExists: ifExists)
        case .showSettings(let name): return try SettingStatements.settings(of: request, called: name)
        case .set, .reset: preconditionFailure("settings are applied before")
        }
    }

    /// The columns that a query answers.
    func columns(
        of query: QuerySyntax, in warehouse: Warehouse, _ request: StatementRequest
    ) async throws -> [Field] {
        try await plan(query, in: warehouse, request).result.plan.schema.fields
    }

    /// What EXPLAIN is asked about; of a statement that writes, the rows it would write.
    private func plan(
        _ subject: ExplainSyntax.Subject, in warehouse: Warehouse, _ request: StatementRequest,
        _ ticket: QueryTicket
    ) async throws -> (result: Planner.Result, now: Instant) {
        let tables = TableStatements(
            session: self, warehouse: warehouse, request: request, queryID: ticket.id)
        switch subject {
        case .query(let query): return try await plan(query, in: warehouse, request)
        case .insert(let insert):
            let planned = try await tables.plan(insert)
            return (planned.result, planned.now)
        case .createTable(let syntax):
            guard let source = syntax.source else { preconditionFailure("the parser asks for a query") }
            let identifier = try await tables.identify(syntax)
            let planned = try await plan(source, in: warehouse, request)
            try await tables.check(syntax, as: identifier, queried: planned.result.plan.schema)
            return planned
        }
    }

    /// Settings take the time once, so that all of a statement has the same `now()`.
    private func plan(
        _ query: QuerySyntax, in warehouse: Warehouse, _ request: StatementRequest
    ) async throws -> (result: Planner.Result, now: Instant) {
        let planning = try await planning(of: query, in: warehouse, request)
        let result = try await engine.compute(for: request.cancellation) {
            try planning.planner.plan(query, tables: planning.tables)
        }
        return (result, planning.now)
    }

    /// What planning a query takes: its tables, found and allowed.
    ///
    /// `view` is the one whose query it is to be: it cannot read itself.
    func planning(
        of query: QuerySyntax, in warehouse: Warehouse, _ request: StatementRequest,
        for view: TableIdentifier? = nil
    ) async throws -> (planner: Planner, tables: TableCatalogue, now: Instant) {
        let now = engine.clock.now
        var settings = PlannerSettings(now: now)
        settings.disabledPasses = disabledPasses
        settings.clock = engine.clock
        settings.isInterrupted = { request.cancellation.isCancelled }
        let planner = Planner(settings: settings, parameters: request.parameters)
        let sources = SourceResolver(
            tables: TableResolver(catalog: catalog, warehouse: warehouse, request: request), engine: engine,
            around: view.map { [$0] } ?? [])
        return (planner, try await sources.resolveAtOnce(query, with: planner), now)
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
