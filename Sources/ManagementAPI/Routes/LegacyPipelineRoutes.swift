import Effects
import Identity
import JSONText
import Pipelines
import Wire

/// `pipelines`: the hosted service's older kind, without SQL: create, list, get, update, delete.
enum LegacyPipelineRoutes {
    private static let base = "pipelines"

    static func add(to routes: inout ManagementRoutes) {
        routes.add("POST", base, create)
        routes.add("GET", base, list)
        routes.add("GET", base + "/{pipeline}", get)
        routes.add("PUT", base + "/{pipeline}", update)
        routes.add("DELETE", base + "/{pipeline}", delete)
    }

    private static func create(_ call: ManagementCall) async throws -> Response {
        try call.principal.require(.pipelinesManage)
        let legacy = try LegacyPipeline(try await call.request.json())
        try require(legacy, call)
        return answer(try await call.services.pipelines.createLegacyPipeline(legacy), call)
    }

    /// The caller must have the node's rights where the files go.
    private static func require(_ legacy: LegacyPipeline, _ call: ManagementCall) throws {
        try SinkRoutes.require(
            try SinkDefinition(
                creating: legacy.sinkBody, id: UniqueID(high: 0, low: 0), now: call.services.clock.now), call)
    }

    /// `search` is what the names begin with. The rows stand in `results`, where the SDK looks for them, and in `result`.
    private static func list(_ call: ManagementCall) async throws -> Response {
        try call.principal.require(.pipelinesManage)
        let page = try NumberedPage(call.request)
        let prefix = try call.request.query("search") ?? ""
        let pipelines = try await call.services.pipelines.legacyPipelines()
            .filter { prefix.isEmpty || $0.name.hasPrefix(prefix) }
        return page.answer(pipelines.map { json($0, call) }, alsoAs: "results")
    }

    private static func get(_ call: ManagementCall) async throws -> Response {
        try call.principal.require(.pipelinesManage)
        return answer(
            try await call.services.pipelines.legacyPipeline(try call.request.parameter("pipeline")), call)
    }

    private static func update(_ call: ManagementCall) async throws -> Response {
        try call.principal.require(.pipelinesManage)
        let body = try await call.request.json()
        let pipelines = call.services.pipelines
        let old = try await pipelines.legacyPipeline(try call.request.parameter("pipeline"))
        // Where files go stands in the body alone.
        try require(try LegacyPipeline(body, over: old), call)
        return answer(try await pipelines.changeLegacyPipeline(old.id, body), call)
    }

    /// Answers when everything that was accepted has landed; `?force=true` leaves it out.
    private static func delete(_ call: ManagementCall) async throws -> Response {
        try call.principal.require(.pipelinesManage)
        try await call.services.pipelines.deleteLegacyPipeline(
            try call.request.parameter("pipeline"), force: try StreamRoutes.isForced(call),
            token: call.request.cancellation)
        return Envelope.success([:])
    }

    private static func answer(_ pipeline: LegacyPipelineState, _ call: ManagementCall) -> Response {
        Envelope.success(json(pipeline, call))
    }

    private static func json(_ pipeline: LegacyPipelineState, _ call: ManagementCall) -> JSONValue {
        pipeline.json(endpoint: pipeline.parts.map { StreamRoutes.endpoint(of: $0.stream, call) })
    }
}
