import Effects
import Identity
import JSONText
import Pipelines
import Streams
import Wire

/// `pipelines/v1/pipelines`, and our own `firn/pipelines/{id}/stats` and `firn/streams/{id}/flush`.
enum PipelineRoutes {
    private static let base = "pipelines/v1/pipelines"

    static func add(to routes: inout ManagementRoutes) {
        routes.add("POST", base, create)
        routes.add("GET", base, list)
        routes.add("GET", base + "/{pipeline}", get)
        routes.add("DELETE", base + "/{pipeline}", delete)
        routes.add("POST", "pipelines/v1/validate_sql", validate)
        routes.add("GET", "firn/pipelines/{pipeline}/stats", stats)
        routes.add("PATCH", "firn/pipelines/{pipeline}", change)
        routes.add("POST", "firn/pipelines/{pipeline}/pause", pause)
        routes.add("POST", "firn/pipelines/{pipeline}/resume", resume)
        routes.add("POST", "firn/pipelines/{pipeline}/reset", reset)
        routes.add("POST", "firn/pipelines/{pipeline}/replay-rejects", replayRejects)
        routes.add("POST", "firn/pipelines/dry-run", dryRun)
        routes.add("POST", "firn/streams/{stream}/flush", flush)
    }

    private static func create(_ call: ManagementCall) async throws -> Response {
        try call.principal.require(.pipelinesManage)
        let body = try await call.request.json()
        return Envelope.success(try await call.services.pipelines.createPipeline(body).json())
    }

    private static func list(_ call: ManagementCall) async throws -> Response {
        try call.principal.require(.pipelinesManage)
        let page = try NumberedPage(call.request)
        let name = try call.request.query("name")
        let pipelines = try await call.services.pipelines.pipelines()
            .filter { pipeline in name.map { pipeline.name == $0 } ?? true }
        return page.answer(pipelines.map { $0.json() })
    }

    private static func get(_ call: ManagementCall) async throws -> Response {
        try call.principal.require(.pipelinesManage)
        let pipeline = try await call.services.pipelines.pipeline(try call.request.parameter("pipeline"))
        return Envelope.success(pipeline.json(tables: try await call.services.pipelines.tables(of: pipeline)))
    }

    private static func delete(_ call: ManagementCall) async throws -> Response {
        try call.principal.require(.pipelinesManage)
        try await call.services.pipelines.deletePipeline(try call.request.parameter("pipeline"))
        return Envelope.success([:])
    }

    /// `{"sql":"…"}`; answers the stream and the sink with their columns when the SQL would make a pipeline.
    private static func validate(_ call: ManagementCall) async throws -> Response {
        try call.principal.require(.pipelinesManage)
        let body = try await call.request.jsonObject()
        try body.refuseUnknown(besides: ["sql"])
        let sql = try body.requiredString("sql")
        return Envelope.success(try await call.services.pipelines.validate(sql))
    }

    private static func stats(_ call: ManagementCall) async throws -> Response {
        try call.principal.require(.pipelinesManage)
        let stats = try await call.services.pipelines.stats(try call.request.parameter("pipeline"))
        return Envelope.success(stats.json)
    }

    /// `{"sql":"…"}` or `{"transaction":true}` or both, and `"discard_pending":true` where events that wait may be left out;
    /// the pipeline goes on with it where it stands. Answered as `resume`.
    private static func change(_ call: ManagementCall) async throws -> Response {
        try call.principal.require(.pipelinesManage)
        let body = try await call.request.jsonObject()
        try body.refuseUnknown(besides: ["sql", "transaction", "discard_pending"])
        if body["transaction"] == nil {
            guard body["sql"] != nil else {
                throw WireError(.invalidRequest, "a member is missing", ["member": "sql or transaction"])
            }
            _ = try body.requiredString("sql")
        }
        guard body["discard_pending"].map({ $0.boolean != nil }) ?? true else {
            throw WireError(.invalidRequest, "a member must be true or false", ["member": "discard_pending"])
        }
        let name = try call.request.parameter("pipeline")
        return try await answer(call, try await call.services.pipelines.changePipeline(name, .object(body)))
    }

    private static func pause(_ call: ManagementCall) async throws -> Response {
        try call.principal.require(.pipelinesManage)
        let name = try call.request.parameter("pipeline")
        return Envelope.success(try await call.services.pipelines.pause(name).json())
    }

    /// Answers when the pipeline runs, or why it does not: `status` and `failure_reason`.
    private static func resume(_ call: ManagementCall) async throws -> Response {
        try call.principal.require(.pipelinesManage)
        let name = try call.request.parameter("pipeline")
        return try await answer(call, try await call.services.pipelines.resume(name))
    }

    /// With the reason where it does not run.
    private static func answer(
        _ call: ManagementCall, _ pipeline: PipelineDefinition
    ) async throws -> Response {
        Envelope.success(pipeline.json(tables: try await call.services.pipelines.tables(of: pipeline)))
    }

    /// `{"to":"oldest"}`, `{"to":"latest"}`, `{"record":N}` or `{"time":"…"}`. Answered as `resume`.
    private static func reset(_ call: ManagementCall) async throws -> Response {
        try call.principal.require(.pipelinesManage)
        let body = try await call.request.json()
        let name = try call.request.parameter("pipeline")
        return try await answer(call, try await call.services.pipelines.reset(name, body))
    }

    /// `{"sql":"…"}` or `{"pipeline":"…"}`, with `"events":N` and `"rows":N`; nothing is written.
    private static func dryRun(_ call: ManagementCall) async throws -> Response {
        try call.principal.require(.pipelinesManage)
        let body = try await call.request.jsonObject()
        try body.refuseUnknown(besides: ["sql", "pipeline", "events", "rows"])
        let answer = try await call.services.pipelines.dryRun(
            try DryRunRequest(.object(body)), token: call.request.cancellation)
        return Envelope.success(try answer.json())
    }

    /// Answers what became of the rejects when all of them have been looked at.
    private static func replayRejects(_ call: ManagementCall) async throws -> Response {
        try call.principal.require(.pipelinesManage)
        let answer = try await call.services.pipelines.replayRejects(
            try call.request.parameter("pipeline"), token: call.request.cancellation)
        return Envelope.success(answer.json)
    }

    /// Answers when all that was accepted before the call has landed in every pipeline of the stream; a message tells where
    /// there is none.
    private static func flush(_ call: ManagementCall) async throws -> Response {
        let stream = try StreamRoutes.find(call, .pipelinesSend)
        let readers = try await call.services.pipelines.flush(
            stream: stream.id.hexDigits, token: call.request.cancellation)
        return Envelope.success(
            ["readers": JSONValue(readers)],
            messages: readers > 0 ? [] : ["no pipeline reads the stream, so nothing has landed"])
    }
}
