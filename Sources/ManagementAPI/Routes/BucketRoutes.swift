import Buckets
import Catalogs
import Effects
import Identity
import JSONText
import Pipelines
import Wire

/// `r2/buckets`: create, list, get, delete.
enum BucketRoutes {
    private static let listLimit = 1000

    static func add(to routes: inout ManagementRoutes) {
        routes.add("POST", "r2/buckets", create)
        routes.add("GET", "r2/buckets", list)
        routes.add("GET", "r2/buckets/{bucket}", get)
        routes.add("PATCH", "r2/buckets/{bucket}", change)
        routes.add("DELETE", "r2/buckets/{bucket}", delete)
    }

    /// Where the hosted service would store it (`locationHint`) is accepted: there is one place here. The storage class is
    /// a label.
    private static func create(_ call: ManagementCall) async throws -> Response {
        let body = try await call.request.jsonObject()
        let name = try body.requiredString("name")
        try call.principal.require(.storageWrite, on: .bucket(name))
        let label = try body.optionalString("storageClass") ?? call.request.headers["cf-r2-storage-class"]
        var trial = BucketSettings()
        if let label { try trial.set(.storageClass, .string(label)) }
        let made = try await call.services.buckets.createBucket(name)
        if let label, label != "Standard" {
            try await call.services.buckets.set(.storageClass, of: name, to: .string(label))
        }
        return Envelope.success(try json(made, call))
    }

    /// `cf-r2-storage-class` is the new label.
    private static func change(_ call: ManagementCall) async throws -> Response {
        let name = try call.request.parameter("bucket")
        try call.principal.require(.storageWrite, on: .bucket(name))
        guard let label = call.request.headers["cf-r2-storage-class"] else {
            throw ManagementError(.invalidBody, "the header cf-r2-storage-class says what is to change")
        }
        try await call.services.buckets.set(.storageClass, of: name, to: .string(label))
        return Envelope.success(try json(try call.services.buckets.bucketInfo(name), call))
    }

    private static func list(_ call: ManagementCall) async throws -> Response {
        try call.principal.requireSomewhere(.storageRead)
        let request = call.request
        let limit = try NumberedPage.integer(request, "per_page", 1...listLimit) ?? listLimit
        let part = try request.query("name_contains")
        let start = try request.query("cursor") ?? request.query("start_after")
        let isDescending = try request.query("direction") == "desc"
        var found = call.services.buckets.listBuckets()
            .filter { call.principal.allows(.storageRead, on: .bucket($0.name)) }
            .filter { part.map($0.name.contains) ?? true }
            .sorted { isDescending ? $0.name > $1.name : $0.name < $1.name }
        if let start { found.removeAll { isDescending ? $0.name >= start : $0.name <= start } }
        let page = found.prefix(limit)
        var info: JSONObject = ["per_page": .integer(Int64(limit))]
        if page.count < found.count, let last = page.last { info["cursor"] = .string(last.name) }
        return Envelope.success(["buckets": .array(try page.map { try json($0, call) })], info: .object(info))
    }

    private static func get(_ call: ManagementCall) async throws -> Response {
        let name = try call.request.parameter("bucket")
        try call.principal.require(.storageRead, on: .bucket(name))
        return Envelope.success(try json(try call.services.buckets.bucketInfo(name), call))
    }

    /// The bucket must be empty and no sink's target; a catalog without namespaces goes with it.
    private static func delete(_ call: ManagementCall) async throws -> Response {
        let name = try call.request.parameter("bucket")
        try call.principal.require(.storageWrite, on: .bucket(name))
        _ = try call.services.buckets.bucketInfo(name)
        let sinks = try await call.services.pipelines.sinks().filter { $0.bucket == name }
        guard sinks.isEmpty else {
            throw ManagementError(
                .bucketInUse, "sinks write to the bucket",
                ["bucket": name, "sinks": sinks.map(\.name).joined(separator: ", ")],
                hint: "delete the sinks and their pipelines first")
        }
        let hasWarehouse = try await call.services.catalog.listWarehouses().contains { $0.bucket == name }
        if hasWarehouse, try await call.services.buckets.isEmpty(name) {
            try await call.services.catalog.deleteWarehouse(bucket: name)
        }
        try await call.services.buckets.deleteBucket(name)
        return Envelope.success([:])
    }

    private static func json(_ info: BucketInfo, _ call: ManagementCall) throws -> JSONValue {
        let label = try call.services.buckets.settings(ofBucket: info.name).storageClass
        return [
            "name": .string(info.name), "creation_date": .string(info.created.rfc3339),
            "storage_class": .string(label), "jurisdiction": "default",
        ]
    }
}
