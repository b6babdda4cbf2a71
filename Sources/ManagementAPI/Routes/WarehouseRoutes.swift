import Catalogs
import Identity
import JSONText
import Wire

/// `r2-catalog` and `basin-catalog`, two names of one thing: which buckets have a catalog.
enum WarehouseRoutes {
    static func add(to routes: inout ManagementRoutes) {
        for base in ["r2-catalog", "basin-catalog"] {
            routes.add("GET", base, list)
            routes.add("GET", base + "/{bucket}", get)
            routes.add("POST", base + "/{bucket}/enable", enable)
            routes.add("POST", base + "/{bucket}/disable", disable)
            routes.add("POST", base + "/{bucket}/delete", delete)
        }
    }

    private static func list(_ call: ManagementCall) async throws -> Response {
        try call.principal.requireSomewhere(.catalogRead)
        let warehouses = try await call.services.catalog.listWarehouses()
            .filter { call.principal.allows(.catalogRead, on: .bucket($0.bucket)) }
        return Envelope.success(["warehouses": .array(warehouses.map(json))])
    }

    /// Also answers for one that is switched off.
    private static func get(_ call: ManagementCall) async throws -> Response {
        let bucket = try call.request.parameter("bucket")
        try call.principal.require(.catalogRead, on: .bucket(bucket))
        let known = try await call.services.catalog.listWarehouses()
        guard let warehouse = known.first(where: { $0.bucket == bucket }) else {
            throw CatalogError(
                .noSuchWarehouse, "no bucket of this name has a catalog", ["bucket": bucket],
                hint: "enable it with: firn catalog enable BUCKET")
        }
        return Envelope.success(json(warehouse))
    }

    private static func enable(_ call: ManagementCall) async throws -> Response {
        let bucket = try call.request.parameter("bucket")
        try call.principal.require(.catalogManage, on: .bucket(bucket))
        let warehouse = try await call.services.catalog.enableWarehouse(
            bucket: bucket, account: call.services.account)
        return Envelope.success(["id": .string(warehouse.id), "name": .string(warehouse.name)])
    }

    private static func disable(_ call: ManagementCall) async throws -> Response {
        let bucket = try call.request.parameter("bucket")
        try call.principal.require(.catalogManage, on: .bucket(bucket))
        try await call.services.catalog.disableWarehouse(bucket: bucket)
        return Envelope.success([:])
    }

    private static func delete(_ call: ManagementCall) async throws -> Response {
        let bucket = try call.request.parameter("bucket")
        try call.principal.require(.catalogManage, on: .bucket(bucket))
        try await call.services.catalog.deleteWarehouse(bucket: bucket)
        return Envelope.success([:])
    }

    private static func json(_ warehouse: Warehouse) -> JSONValue {
        [
            "id": .string(warehouse.id), "name": .string(warehouse.name), "bucket": .string(warehouse.bucket),
            "status": warehouse.isActive ? "active" : "inactive", "credential_status": "absent",
        ]
    }
}
