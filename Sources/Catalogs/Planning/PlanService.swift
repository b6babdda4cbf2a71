import Effects
import Iceberg
package import Scheduling
import Synchronization
package import Tables
package import Telemetry

/// Plans scans for clients: which files to read, and what is left to check in them.
///
/// A plan is answered at once, a page of tasks with plan tasks for the rest. Only where more manifests of deletes have to
/// be read first than fit into a request, it goes on in the background and the client comes again.
///
/// - Threads: any. `run` works on what goes on in the background; without it such plans stay submitted.
package final class PlanService: Sendable {
    package struct Resources: Sendable {
        package var caches: TableCaches
        package var pool: MorselPool
        package var ledger: MemoryLedger
        package var metrics: MetricsRegistry
        /// Signs plan tasks; the same after a restart.
        package var key: [UInt8]

        package init(
            caches: TableCaches, pool: MorselPool, ledger: MemoryLedger, key: [UInt8],
            metrics: MetricsRegistry = MetricsRegistry()
        ) {
            self.caches = caches
            self.pool = pool
            self.ledger = ledger
            self.key = key
            self.metrics = metrics
        }
    }

    private let catalog: Catalog
    private let resources: Resources
    package let limits: PlanLimits
    private let meters: PlanMeters
    private let open = Mutex(OpenPlans())
    private let waiting: AsyncStream<String>
    private let wake: AsyncStream<String>.Continuation

    package init(catalog: Catalog, resources: Resources, limits: PlanLimits = PlanLimits()) {
        self.catalog = catalog
        self.resources = resources
        self.limits = limits
        meters = PlanMeters(resources.metrics)
        (waiting, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(limits.openPlans))
    }

    /// Plans what `query` asks for, or takes it on to be planned. `owner` is the token that asks.
    ///
    /// - Errors: `ICE-101` and `ICE-111` for a filter that cannot be understood, `CAT-304`, those of reading manifests.
    package func submit(
        _ query: PlanQuery, of table: LoadedTable, owner: String, cancellation: CancellationToken? = nil
    ) async throws -> (id: String, state: PlanState) {
        let id = UniqueID.random(from: catalog.randomness).description
        let state = try await submit(query, PlanName(id: id, owner: owner), of: table, cancellation)
        await catalog.keep(.plan(id: id, query))
        return (id, state)
    }

    /// How a plan stands that was submitted before; it is planned anew under its id where that is not known any more.
    ///
    /// - Errors: `CAT-109` when what was planned has expired since, or the plan was cancelled; those of `submit`.
    package func submitAgain(
        _ query: PlanQuery, as name: PlanName, of table: LoadedTable, cancellation: CancellationToken? = nil
    ) async throws -> PlanState {
        let (id, now) = (name.id, catalog.clock.monotonicNanoseconds)
        let isOpen = open.withLock { $0.find(id, tableUUID: table.uuid, at: now) != nil }
        if isOpen {
            let state = try await state(ofPlan: id, of: table, cancellation: cancellation)
            if case .cancelled = state { throw Self.noSuchPlan(id) }
            return state
        }
        do {
            return try await submit(query, name, of: table, cancellation)
        } catch let error as IcebergError where Self.meansGone(error) {
            throw Self.noSuchPlan(id)
        }
    }

    private func submit(
        _ query: PlanQuery, _ name: PlanName, of table: LoadedTable, _ cancellation: CancellationToken?
    ) async throws -> PlanState {
        let work = try PageWork(query, ScanWindow(), planID: name.id, table: table)
        let plan = try scan(work, cancellation)
        guard try await plan.prepare() > limits.deleteBytesAtOnce else {
            do {
                let page = try await page(work, of: plan)
                try add(name, query, table, .answered)
                meters.completed.add()
                return .completed(page)
            } catch {
                meters.failed.add()
                throw error
            }
        }
        try add(name, query, table, .waiting(table, CancellationToken()))
        wake.yield(name.id)
        meters.submitted.add()
        return .submitted
    }

    private func add(
        _ name: PlanName, _ query: PlanQuery, _ table: LoadedTable, _ stage: OpenPlans.Stage
    ) throws {
        let now = catalog.clock.monotonicNanoseconds
        let plan = OpenPlans.Plan(
            owner: name.owner, tableUUID: table.uuid, query: query, stage: stage, expires: expiry, number: 0)
        let (hasRoom, count) = open.withLock { open in
            (open.add(name.id, plan, at: now, limits), open.count)
        }
        meters.open.set(Int64(count))
        guard hasRoom else {
            throw CatalogError(
                .planningBusy, "too many scans are being planned",
                ["most": limits.openPlans, "most of one token": limits.openPlansPerOwner],
                hint: "cancel plans that are no longer needed")
        }
    }

    private var expiry: Int64 { catalog.clock.monotonicNanoseconds + limits.planSeconds * 1_000_000_000 }

    /// - Errors: `CAT-109`; those of planning again what was answered before.
    package func state(
        ofPlan id: String, of table: LoadedTable, cancellation: CancellationToken? = nil
    ) async throws -> PlanState {
        let plan = try find(id, table)
        switch plan.stage {
        case .waiting: return .submitted
        case .completed(let page, _): return .completed(page)
        case .failed(let error): return .failed(error)
        case .cancelled: return .cancelled
        case .answered:
            do {
                let work = try PageWork(plan.query, ScanWindow(), planID: id, table: table)
                return .completed(try await page(work, of: try scan(work, cancellation)))
            } catch let error as IcebergError where Self.meansGone(error) {
                throw Self.noSuchPlan(id)
            }
        }
    }

    /// What was planned has expired since.
    private static func meansGone(_ error: IcebergError) -> Bool {
        error.code == .unknownSnapshot || error.code == .unknownSchema
    }

    /// Frees what is held for the plan; its plan tasks are void. A second time it changes nothing.
    ///
    /// - Errors: `CAT-109`.
    package func cancel(plan id: String, of table: LoadedTable) async throws {
        _ = try find(id, table)
        let token = open.withLock { $0.cancel(id, expires: expiry) }
        token?.cancel()
        meters.cancelled.add()
        await catalog.keep(.nothing)
    }

    private func find(_ id: String, _ table: LoadedTable) throws(CatalogError) -> OpenPlans.Plan {
        let now = catalog.clock.monotonicNanoseconds
        guard let plan = open.withLock({ $0.find(id, tableUUID: table.uuid, at: now) }) else {
            throw Self.noSuchPlan(id)
        }
        return plan
    }

    private static func noSuchPlan(_ id: String) -> CatalogError {
        CatalogError(
            .noSuchPlan, "no scan of the table is planned under this id", ["plan-id": id],
            hint: "submit the scan again")
    }

    /// The files of one plan task.
    ///
    /// - Errors: `CAT-110`; those of reading manifests.
    package func page(
        ofTask text: String, of table: LoadedTable, cancellation: CancellationToken? = nil
    ) async throws -> ScanPage {
        let now = catalog.clock.now.microseconds / 1_000_000
        guard let task = PlanTask(text: text, key: resources.key), task.tableUUID == table.uuid,
            now < task.until
        else { throw Self.noSuchTask }
        let wasCancelled = open.withLock { open in
            if case .cancelled? = open.plans[task.planID]?.stage { true } else { false }
        }
        if wasCancelled { throw Self.noSuchTask }
        do {
            let work = try PageWork(task.query, task.window, planID: task.planID, table: table)
            return try await page(work, of: try scan(work, cancellation))
        } catch let error as IcebergError where Self.meansGone(error) {
            throw Self.noSuchTask
        }
    }

    private static var noSuchTask: CatalogError {
        CatalogError(
            .noSuchPlanTask, "the plan task is none of this table's, or its time is over",
            hint: "submit the scan again")
    }

    /// Works on submitted plans until it is cancelled.
    package func run() async {
        await withTaskGroup(of: Void.self) { group in
            var count = 0
            for await id in waiting {
                if count == limits.plansAtOnce {
                    await group.next()
                    count -= 1
                }
                count += 1
                group.addTask { await self.work(onPlan: id) }
            }
            for token in open.withLock({ $0.tokens }) { token.cancel() }
        }
    }

    /// Works on one submitted plan, to its end.
    func work(onPlan id: String) async {
        guard let plan = open.withLock({ $0.plans[id] }), case .waiting(let table, let token) = plan.stage
        else { return }
        let stage: OpenPlans.Stage
        do {
            let work = try PageWork(plan.query, ScanWindow(), planID: id, table: table)
            let page = try await page(work, of: try scan(work, token))
            let memory = try resources.ledger.reserve(page.bytes, for: "plans kept for clients")
            stage = .completed(page, memory)
            meters.completed.add()
        } catch {
            stage = .failed(error)
            meters.failed.add()
        }
        open.withLock { $0.finish(id, stage, expires: expiry) }
    }

    private func scan(_ work: PageWork, _ cancellation: CancellationToken?) throws -> ScanPlan {
        let reader = try TableReader(
            metadata: work.table.metadata, store: catalog.store, caches: resources.caches,
            workers: Workers((resources.pool, .query)))
        let memory = MemoryBudget(ledger: resources.ledger, limit: limits.deleteIndexBytes)
        return try reader.plan(work.request(limits), cancellation: cancellation, memory: memory)
    }

    private func page(_ work: PageWork, of plan: ScanPlan) async throws -> ScanPage {
        let start = catalog.clock.monotonicNanoseconds
        let until = catalog.clock.now.microseconds / 1_000_000 + limits.taskSeconds
        let page = try await work.page(of: plan, limits, key: resources.key, until: until)
        meters.time.record(nanoseconds: catalog.clock.monotonicNanoseconds - start)
        meters.pages.add()
        meters.tasks.add(Int64(page.tasks.count))
        meters.skippedFiles.add(Int64(plan.counts.skippedFiles))
        return page
    }
}
