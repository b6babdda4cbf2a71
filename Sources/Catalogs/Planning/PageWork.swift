import Iceberg
import JSONText
import Tables

/// One page of a plan on its way: a query bound to its table, and the manifests the page begins at.
struct PageWork: Sendable {
    let query: PlanQuery
    let planID: String
    let table: LoadedTable
    private let window: ScanWindow
    private let schema: IcebergSchema
    private let filter: ScanFilter

    /// - Errors: `ICE-101`, `ICE-111`, `ICE-201`.
    init(_ query: PlanQuery, _ window: ScanWindow, planID: String, table: LoadedTable) throws(IcebergError) {
        self.query = query
        self.window = window
        self.planID = planID
        self.table = table
        (schema, filter) = try query.bind(to: table.metadata)
    }

    /// `<>` may mean nulls to the client, so what prunes lets them in.
    func request(_ limits: PlanLimits) -> ScanRequest {
        var request = ScanRequest(
            predicate: query.range == nil ? .never : filter.pruning, range: query.range ?? .snapshot(nil))
        request.schema = schema
        request.window = window
        request.allowsAnyFormat = true
        request.tasksAtOnce = tasksAtMost(limits)
        return request
    }

    /// Takes tasks until the page is full; the rest becomes plan tasks.
    func page(of plan: ScanPlan, _ limits: PlanLimits, key: [UInt8], until: Int64) async throws -> ScanPage {
        var page = ScanPage(filter: filter, schema: schema, statsFields: Set(query.statsFields))
        let limit = tasksAtMost(limits)
        var rows: Int64 = 0
        while page.tasks.count < limit, let task = try await plan.next() {
            page.tasks.append(task)
            guard let wanted = query.rowsWanted else { continue }
            rows &+= rowsForSure(task)
            if rows >= wanted { return page }
        }
        page.planTasks = rest(of: plan, limits).map { window in
            PlanTask(planID: planID, tableUUID: table.uuid, query: query, window: window, until: until)
                .text(key: key)
        }
        return page
    }

    private var filterBytes: Int { query.filter?.serialized().count ?? 0 }

    /// Each task says what is left of the filter, so a long one makes short pages.
    private func tasksAtMost(_ limits: PlanLimits) -> Int {
        max(1, min(limits.tasksPerPage, limits.pageBytes / (filterBytes + 1024)))
    }

    /// Rows of the file that the client surely takes.
    private func rowsForSure(_ task: ScanTask) -> Int64 {
        guard task.deletes.isEmpty, filter.residual(in: task.file.partition, of: task.spec, schema) == .always
        else { return 0 }
        return task.file.recordCount
    }

    /// What is left of the manifests that were read, and those that were not in about equal parts.
    private func rest(of plan: ScanPlan, _ limits: PlanLimits) -> [ScanWindow] {
        let unread = plan.unread
        var windows: [ScanWindow] = []
        if let position = plan.nextPosition {
            windows.append(ScanWindow(start: position, end: unread.first ?? window.end))
        }
        let parts = max(1, min(limits.partsAtOnce, limits.pageBytes / 4 / (filterBytes + 512)) - 1)
        let size = (unread.count + parts - 1) / parts
        for start in stride(from: 0, to: unread.count, by: max(1, size)) {
            let next = start + size
            windows.append(
                ScanWindow(
                    start: ScanPosition(manifest: unread[start], entry: 0),
                    end: next < unread.count ? unread[next] : window.end))
        }
        return windows
    }
}
