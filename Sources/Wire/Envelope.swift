import Faults
package import JSONText

/// The hosted service's answer form: `{"success":…,"errors":[…],"messages":[],"result":…,"result_info":…}`.
package enum Envelope {
    /// `others` are members that a call of the hosted service has beside the usual ones.
    package static func success(
        _ result: JSONValue, info: JSONValue? = nil, others: JSONObject = [:], messages: [JSONValue] = [],
        status: Int = 200
    ) -> Response {
        var body: JSONObject = [
            "success": true, "errors": [], "messages": .array(messages), "result": result,
        ]
        if let info { body["result_info"] = info }
        for (name, value) in others.members { body[name] = value }
        return .json(.object(body), status: status)
    }

    /// `number` replaces the table's code where an API has its own.
    package static func failure(_ error: any Error, number: Int? = nil) -> Response {
        let mapped = FaultStatus(error)
        var entry: JSONObject = ["code": .integer(Int64(number ?? mapped.number))]
        entry["message"] = .string(publicMessage(of: error))
        if let fault = error as? any Fault { entry["firn_code"] = .string(fault.codeText) }
        let body: JSONValue = [
            "success": false, "errors": [.object(entry)], "messages": [], "result": nil,
        ]
        var response = Response.json(body, status: mapped.status)
        response.headers = response.headers.withFaultHints(
            status: mapped.status, retryAfterSeconds: (error as? any Fault)?.retryAfterSeconds)
        return response
    }

    /// What a client may read: a fault's own words, and nothing of errors that we did not make for people.
    package static func publicMessage(of error: any Error) -> String {
        if let fault = error as? any Fault { return fault.publicMessage }
        if error is CancellationError { return "the request was cancelled" }
        return "internal error; the log has the details under this request's id"
    }
}

extension HTTPHeaders {
    /// Adds what well-behaved clients look at: when to come back, and how to authenticate.
    package func withFaultHints(status: Int, retryAfterSeconds: Int? = nil) -> HTTPHeaders {
        var headers = self
        if status == 429 || status == 503 { headers["retry-after"] = "\(retryAfterSeconds ?? 1)" }
        if status == 401 { headers["www-authenticate"] = "Bearer" }
        // The official SDK repeats 409 and 5xx on its own; a conflict does not go away by asking again.
        if status == 409 { headers["x-should-retry"] = "false" }
        return headers
    }
}
