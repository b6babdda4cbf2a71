import Effects
import Identity
import JSONText
import Sessions
import Wire

/// `firn/queries`: which statements run and ran, and how to stop one.
enum QueryRoutes {
    static func add(to routes: inout ManagementRoutes) {
        routes.add("GET", "firn/queries") { call in
            try call.principal.require(.admin)
            let page = try NumberedPage(call.request, sizeAlias: "limit", sizeDefault: 100)
            return page.answer(call.services.queries.list(limit: .max).map(json))
        }
        routes.add("GET", "firn/queries/{query}") { call in
            try call.principal.require(.admin)
            let query = try call.services.queries.query(try call.request.parameter("query"))
            return Envelope.success(withProfile(query))
        }
        routes.add("POST", "firn/queries/{query}/cancel") { call in
            try call.principal.require(.admin)
            let id = try call.request.parameter("query")
            try call.services.queries.cancel(id)
            return Envelope.success(["id": .string(id)])
        }
    }

    /// With what each operator did, as EXPLAIN ANALYZE shows it; so far, while the statement runs.
    private static func withProfile(_ query: QueryRecord) -> JSONValue {
        guard case .object(var object) = json(query) else { return .null }
        object["profile"] = JSONValue(query.profile)
        return .object(object)
    }

    private static func json(_ query: QueryRecord) -> JSONValue {
        [
            "id": .string(query.id), "sql": .string(query.sql), "warehouse": .string(query.warehouse),
            "started_at": .string(query.startedAt.rfc3339), "state": .string(query.state.rawValue),
            "milliseconds": JSONValue(Double(query.nanoseconds / 1000) / 1000),
            "rows": .integer(query.rowCount),
            "fault": JSONValue(query.fault),
        ]
    }
}
