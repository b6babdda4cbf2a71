import Catalogs
import Identity
import JSONText
import Wire

extension CatalogAPI {
    /// `POST …/tables/{table}/plan`: which files a scan reads, at once or later. 200, 400, 404, 503.
    ///
    ///     {"status": "completed", "plan-id": "…", "file-scan-tasks": […], "delete-files": […], "plan-tasks": […]}
    func planTableScan(_ context: CatalogContext) async throws -> Response {
        let table = try context.table()
        try context.requireRead(table)
        let loaded = try await catalog.loadTable(table, in: context.warehouse)
        let query = try PlanRequest(RequestObject(try await context.body())).query(
            for: loaded.metadata, plans.limits)
        let (id, state) = try await plans.submit(
            query, of: loaded, owner: context.principal.tokenID, cancellation: context.request.cancellation)
        return try await planResponse(state, id: id, loaded, context)
    }

    /// The answer to a request that came before with the same idempotency key.
    func planAgain(_ id: String, _ query: PlanQuery, _ context: CatalogContext) async throws -> Response {
        let table = try context.table()
        try context.requireRead(table)
        let loaded = try await catalog.loadTable(table, in: context.warehouse)
        let state = try await plans.submitAgain(
            query, as: PlanName(id: id, owner: context.principal.tokenID), of: loaded,
            cancellation: context.request.cancellation)
        return try await planResponse(state, id: id, loaded, context)
    }

    /// `GET …/tables/{table}/plan/{plan-id}`: how a plan stands. 200, 404.
    func fetchPlanningResult(_ context: CatalogContext) async throws -> Response {
        let table = try context.table()
        try context.requireRead(table)
        let id = try context.request.parameter("plan-id")
        let loaded = try await catalog.loadTable(table, in: context.warehouse)
        let state = try await plans.state(ofPlan: id, of: loaded, cancellation: context.request.cancellation)
        return try await planResponse(state, id: nil, loaded, context)
    }

    /// `DELETE …/tables/{table}/plan/{plan-id}`: nobody waits for it any more. 204, 404.
    func cancelPlanning(_ context: CatalogContext) async throws -> Response {
        let table = try context.table()
        try context.requireRead(table)
        let id = try context.request.parameter("plan-id")
        try await plans.cancel(plan: id, of: try await catalog.loadTable(table, in: context.warehouse))
        return Response(status: 204)
    }

    /// `POST …/tables/{table}/tasks` with `{"plan-task": "…"}`: the files of a part of a plan. 200, 404.
    func fetchScanTasks(_ context: CatalogContext) async throws -> Response {
        let table = try context.table()
        try context.requireRead(table)
        let task = try RequestObject(try await context.body()).string("plan-task")
        let loaded = try await catalog.loadTable(table, in: context.warehouse)
        let page = try await plans.page(
            ofTask: task, of: loaded, cancellation: context.request.cancellation)
        return try await pageResponse(page, loaded, head: [:], tail: [:])
    }

    private func planResponse(
        _ state: PlanState, id: String?, _ table: LoadedTable, _ context: CatalogContext
    ) async throws -> Response {
        var head = JSONObject()
        func answer(_ status: String) -> JSONObject {
            head["status"] = .string(status)
            head["plan-id"] = id.map { .string($0) }
            return head
        }
        switch state {
        case .submitted: return .json(.object(answer("submitted")))
        case .cancelled: return .json(.object(answer("cancelled")))
        case .failed(let error):
            head["status"] = "failed"
            head["error"] = CatalogErrorBody.content(of: error).body["error"]
            return .json(.object(head))
        case .completed(let page):
            var tail = JSONObject()
            if context.wantsCredentials {
                tail["storage-credentials"] = try credentials(for: table.identifier, table.metadata, context)
                    .json
            }
            return try await pageResponse(page, table, head: answer("completed"), tail: tail)
        }
    }

    /// Thousands of files are written on a thread of their own.
    private func pageResponse(
        _ page: ScanPage, _ table: LoadedTable, head: JSONObject, tail: JSONObject
    ) async throws -> Response {
        let bytes = try await catalog.work.run(size: page.tasks.count << 10) {
            var body = head
            let tasks = ScanTasksJSON(page, metadata: table.metadata).members()
            for member in tasks.members + tail.members { body[member.name] = member.value }
            return JSONValue.object(body).serialized()
        }
        return Response(status: 200, headers: ["content-type": "application/json"], body: .bytes(bytes))
    }
}
