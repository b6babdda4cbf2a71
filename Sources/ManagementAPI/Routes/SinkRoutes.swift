import Effects
import Identity
import JSONText
import Pipelines
import Wire

/// `pipelines/v1/sinks`: create, list, get, delete; `firn/sinks`: change. Secrets given at creation are never echoed.
enum SinkRoutes {
    private static let base = "pipelines/v1/sinks"

    static func add(to routes: inout ManagementRoutes) {
        routes.add("POST", base, create)
        routes.add("GET", base, list)
        routes.add("GET", base + "/{sink}", get)
        routes.add("DELETE", base + "/{sink}", delete)
        routes.add("PATCH", "firn/sinks/{sink}", change)
    }

    private static func create(_ call: ManagementCall) async throws -> Response {
        try call.principal.require(.pipelinesManage)
        let body = try await call.request.json()
        let draft = try SinkDefinition(
            creating: body, id: UniqueID(high: 0, low: 0), now: call.services.clock.now)
        try require(draft, call)
        return Envelope.success(try await call.services.pipelines.createSink(body).json)
    }

    /// Pipelines write with the node's own rights, so whoever makes a sink must have those rights where it writes.
    static func require(_ sink: SinkDefinition, _ call: ManagementCall) throws {
        switch sink.target {
        case .table(let namespace, let name, _):
            try call.principal.require(.catalogWrite, on: .table(sink.bucket, [namespace], name))
        case .files(let place):
            try call.principal.require(.storageWrite, on: .object(sink.bucket, place.keyPrefix))
            // What does not fit goes there.
            try call.principal.require(.storageWrite, on: .object(sink.bucket, "rejects/"))
        }
    }

    /// How it writes: members of its `config` and its `format`. Pipelines go on where they stand.
    private static func change(_ call: ManagementCall) async throws -> Response {
        try call.principal.require(.pipelinesManage)
        let body = try await call.request.json()
        let pipelines = call.services.pipelines
        let sink = try await pipelines.sink(try call.request.parameter("sink"))
        try require(sink, call)
        return Envelope.success(try await pipelines.changeSink(sink.id.hexDigits, body).json)
    }

    private static func list(_ call: ManagementCall) async throws -> Response {
        try call.principal.require(.pipelinesManage)
        let page = try NumberedPage(call.request)
        let name = try call.request.query("name")
        let connected = try await StreamRoutes.connected(call)
        let sinks = try await call.services.pipelines.sinks()
            .filter { connected?.contains($0.id) ?? true }
            .filter { sink in name.map { sink.name == $0 } ?? true }
        return page.answer(sinks.map(\.json))
    }

    private static func get(_ call: ManagementCall) async throws -> Response {
        try call.principal.require(.pipelinesManage)
        return Envelope.success(
            try await call.services.pipelines.sink(try call.request.parameter("sink")).json)
    }

    private static func delete(_ call: ManagementCall) async throws -> Response {
        try call.principal.require(.pipelinesManage)
        try await call.services.pipelines.deleteSink(try call.request.parameter("sink"))
        return Envelope.success([:])
    }
}
