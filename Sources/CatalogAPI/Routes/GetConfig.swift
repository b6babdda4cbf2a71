import Catalogs
import JSONText
import Wire

extension CatalogAPI {
    /// `GET …/v1/config?warehouse=local_lake`: where the warehouse's routes are, and which there are.
    ///
    /// 200, 400 without a warehouse, 401, 403, 404 when there is none of that name.
    func getConfig(_ request: Request) async throws -> Response {
        let principal = try await authenticator.principal(of: request)
        var names: [String] = []
        if request.rawParameters["bucket"] != nil {
            names.append(try request.parameter("account") + "_" + request.parameter("bucket"))
        }
        if let name = try request.query("warehouse"), !name.isEmpty { names.append(name) }
        guard !names.isEmpty else {
            throw CatalogAPIError(
                .malformedParameter, "the request names no warehouse",
                hint: "set the client's warehouse to ACCOUNT_BUCKET, such as local_lake")
        }
        let warehouses = try await warehouses(names, for: principal)
        guard let warehouse = warehouses.first, warehouses.allSatisfy({ $0 == warehouse }) else {
            throw CatalogAPIError(
                .malformedParameter, "the path and the query name two warehouses",
                ["names": names.joined(separator: ", ")])
        }
        return .json([
            "defaults": [:], "overrides": ["prefix": .string(warehouse.name)],
            "endpoints": JSONValue(CatalogRoute.all.map(\.endpoint)),
            "idempotency-key-lifetime": .string("PT\(catalog.limits.answerLifetimeSeconds / 60)M"),
        ])
    }
}
