import Effects
import Identity
import JSONText
import Sessions
import Wire

/// `firn/queries`: which statements run and ran, and how to stop one.
enum QueryRoutes {
    static func add(to routes: inout ManagementRoutes) {
        routes.add("GET", "firn/queries") { call in
            let page = try NumberedPage(call.request, sizeAlias: "limit", sizeDefault: 100)
            let found = call.services.queries.list(
                limit: .max, ownedBy: owner(call), in: try state(call.request))
            return page.answer(found.map(json))
        }
        routes.add("GET", "firn/queries/{query}") { call in
            let id = try call.request.parameter("query")
            return Envelope.success(
                withProfile(try call.services.queries.query(id, ownedBy: owner(call))))
        }
        routes.add("POST", "firn/queries/{query}/cancel") { call in
            let id = try call.request.parameter("query")
            try call.services.queries.cancel(id, ownedBy: owner(call))
            return Envelope.success(["id": .string(id)])
        }
    }

    /// Whose statements the caller sees; nil for everybody's, which takes `admin`.
    private static func owner(_ call: ManagementCall) -> String? {
        call.principal.allows(.admin, on: .account) ? nil : call.principal.tokenID
    }

    /// - Errors: `MGT-102`.
    private static func state(_ request: Request) throws -> QueryRecord.State? {
        guard let text = try request.query("state") else { return nil }
        if let state = QueryRecord.State(rawValue: text) { return state }
        throw ManagementError(
            .invalidQuery, "statements have no such state", ["member": "state", "value": text],
            hint: "it is one of " + QueryRecord.State.allCases.map(\.rawValue).joined(separator: ", "))
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
