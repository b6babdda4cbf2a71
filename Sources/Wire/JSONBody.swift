package import JSONText

extension Request {
    /// The body as JSON; an empty body reads as an empty object when `allowsEmpty`.
    ///
    /// - Errors: `WIR-102`, `WIR-201`, and `JSON-…` with the byte of the fault.
    package func json(limitBytes: Int = 1 << 20, allowsEmpty: Bool = false) async throws -> JSONValue {
        let bytes = try await body.collect(limit: limitBytes)
        if bytes.isEmpty {
            if allowsEmpty { return [:] }
            throw WireError(.invalidRequest, "the request needs a JSON body")
        }
        return try JSONParser.parse(bytes)
    }

    /// The body as a JSON object.
    package func jsonObject(limitBytes: Int = 1 << 20, allowsEmpty: Bool = false) async throws -> JSONObject {
        let value = try await json(limitBytes: limitBytes, allowsEmpty: allowsEmpty)
        guard let object = value.object else {
            throw WireError(.invalidRequest, "the body must be a JSON object", ["found": value.kindName])
        }
        return object
    }
}

extension JSONObject {
    /// A member that must be a string.
    ///
    /// - Errors: `WIR-102`.
    package func requiredString(_ name: String) throws(WireError) -> String {
        guard let value = self[name] else {
            throw WireError(.invalidRequest, "a member is missing", ["member": name])
        }
        guard let text = value.string else {
            throw WireError(
                .invalidRequest, "a member must be a string", ["member": name, "found": value.kindName])
        }
        return text
    }

    /// A member that may be absent or null, else must be a string.
    package func optionalString(_ name: String) throws(WireError) -> String? {
        guard let value = self[name], !value.isNull else { return nil }
        return try requiredString(name)
    }

    /// Our own routes refuse members they do not know.
    ///
    /// - Errors: `WIR-102` that names the members there are.
    package func refuseUnknown(besides known: [String]) throws(WireError) {
        guard let stranger = names.first(where: { !known.contains($0) }) else { return }
        throw WireError(
            .invalidRequest, "the body has a member nobody knows", ["member": stranger],
            hint: "members are " + known.joined(separator: ", "))
    }
}
