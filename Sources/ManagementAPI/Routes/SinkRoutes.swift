import Effects
import Identity
import JSONText
import Pipelines
import Wire

/// `pipelines/v1/sinks`: create, list, get, delete. Secrets given at creation are never echoed.
enum SinkRoutes {
    private static let base = "pipelines/v1/sinks"

    static func add(to routes: inout ManagementRoutes) {
        routes.add("POST", base, create)
        routes.add("GET", base, list)
        routes.add("GET", base + "/{sink}", get)
        routes.add("DELETE", base + "/{sink}", delete)
    }

    private static func create(_ call: ManagementCall) async throws -> Response {
        try call.principal.require(.pipelinesManage)
        let body = try await call.request.json()
        // Pipelines write with the node's own rights, so whoever makes a sink must have those rights where it writes.
        let draft = try SinkDefinition(
            creating: body, id: UniqueID(high: 0, low: 0), now: call.services.clock.now)
        switch draft.target {
        case .table(let namespace, let name, _):
            try call.principal.require(.catalogWrite, on: .table(draft.bucket, [namespace], name))
        case .files(let place):
            try call.principal.require(.storageWrite, on: .object(draft.bucket, place.keyPrefix))
            // What does not fit goes there.
            try call.principal.require(.storageWrite, on: .object(draft.bucket, "rejects/"))
        }
        return Envelope.success(try await call.services.pipelines.createSink(body).json)
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
