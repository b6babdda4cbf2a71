import Effects
import Identity
import JSONText
import Pipelines
import Streams
import Wire

/// `pipelines/v1/streams`: create, list, get, change, delete; our own `firn/streams/{id}/stats`.
enum StreamRoutes {
    private static let base = "pipelines/v1/streams"

    static func add(to routes: inout ManagementRoutes) {
        routes.add("POST", base, create)
        routes.add("GET", base, list)
        routes.add("GET", base + "/{stream}", get)
        routes.add("PATCH", base + "/{stream}", change)
        routes.add("DELETE", base + "/{stream}", delete)
        routes.add("GET", "firn/streams/{stream}/stats", stats)
    }

    private static func create(_ call: ManagementCall) async throws -> Response {
        try call.principal.require(.pipelinesManage)
        let body = try await call.request.json()
        return Envelope.success(json(try await call.services.streams.create(body), call))
    }

    private static func list(_ call: ManagementCall) async throws -> Response {
        try call.principal.requireSomewhere(.pipelinesSend)
        let page = try NumberedPage(call.request)
        let name = try call.request.query("name")
        let connected = try await connected(call)
        let streams = try await call.services.streams.allDefinitions()
            .filter { connected?.contains($0.id) ?? true }
            .filter { allows(call.principal, .pipelinesSend, on: $0) }
            .filter { stream in name.map { stream.name == $0 } ?? true }
        return page.answer(streams.map { json($0, call) })
    }

    /// Ids of what the pipeline of the query member connects; nil without the member.
    static func connected(_ call: ManagementCall) async throws -> Set<UniqueID>? {
        guard let pipeline = try call.request.query("pipeline_id") else { return nil }
        return try await call.services.pipelines.connected(toPipeline: pipeline)
    }

    private static func get(_ call: ManagementCall) async throws -> Response {
        Envelope.success(json(try find(call, .pipelinesSend), call))
    }

    /// It names pipelines and sinks.
    private static func stats(_ call: ManagementCall) async throws -> Response {
        let stream = try find(call, .pipelinesManage)
        return Envelope.success(try await call.services.pipelines.streamStats(stream.id.hexDigits))
    }

    private static func change(_ call: ManagementCall) async throws -> Response {
        let stream = try find(call, .pipelinesManage)
        let body = try await call.request.json()
        return Envelope.success(
            json(try await call.services.pipelines.changeStream(stream.id.hexDigits, body), call))
    }

    private static func delete(_ call: ManagementCall) async throws -> Response {
        let stream = try find(call, .pipelinesManage)
        try await call.services.streams.delete(stream.id.hexDigits, force: try isForced(call))
        return Envelope.success([:])
    }

    /// `?force=true`
    ///
    /// - Errors: `MGT-102`.
    static func isForced(_ call: ManagementCall) throws -> Bool {
        guard let given = try call.request.query("force") else { return false }
        switch given.lowercased() {
        case "true", "1": return true
        case "false", "0", "": return false
        default:
            throw ManagementError(
                .invalidQuery, "a query member is true or false", ["member": "force", "value": given])
        }
    }

    /// The stream the path names, by id or name. A token that may not see it is answered in the words that also answer for
    /// one that does not exist.
    static func find(_ call: ManagementCall, _ permission: Permission) throws -> StreamDefinition {
        try call.principal.requireSomewhere(permission)
        let name = try call.request.parameter("stream")
        let found = Result { () throws(StreamsError) in try call.services.streams.stream(name).definition }
        if case .success(let stream) = found, allows(call.principal, permission, on: stream) { return stream }
        try call.principal.require(permission)
        return try found.get()
    }

    /// A limit may name the stream by id or by name.
    private static func allows(
        _ principal: Principal, _ permission: Permission, on stream: StreamDefinition
    ) -> Bool {
        principal.allows(permission, on: .stream(stream.id.hexDigits))
            || principal.allows(permission, on: .stream(stream.name))
    }

    private static func json(_ stream: StreamDefinition, _ call: ManagementCall) -> JSONValue {
        stream.json(endpoint: endpoint(of: stream, call))
    }

    /// Where its events are sent.
    static func endpoint(of stream: StreamDefinition, _ call: ManagementCall) -> String {
        "\(call.services.publicURL())/ingest/\(stream.id.hexDigits)"
    }
}
