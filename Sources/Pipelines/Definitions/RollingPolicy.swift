package import JSONText

/// When a sink commits what it has written.
package struct RollingPolicy: Sendable, Equatable {
    /// Since the first event of the commit.
    package var intervalSeconds = 300
    /// Written to data files of the commit; nil for the built-in bound alone.
    package var fileSizeBytes: Int?
    /// Rows of the commit; nil for no such limit. A record's rows stay together.
    package var fileRows: Int?
    /// Since the last event; nil for no such limit.
    package var inactivitySeconds: Int?

    /// A commit never grows past this, whatever the policy says: memory and the log's backlog are bounded by it.
    package static let maximumBytes = 512 << 20

    package init() {}

    package init(json: JSONValue) throws(PipelinesError) {
        if json.isNull { return }
        guard json.object != nil else { throw invalid("rolling_policy", "a rolling policy is an object") }
        if let given = try Self.number(json, "interval_seconds", in: 1...86_400) { intervalSeconds = given }
        fileSizeBytes = try Self.number(json, "file_size_bytes", in: 1 << 20...64 << 30)
        fileRows = try Self.number(json, "file_rows", in: 1...1 << 40)
        inactivitySeconds = try Self.number(json, "inactivity_seconds", in: 1...86_400)
    }

    private static func number(
        _ json: JSONValue, _ name: String, in range: ClosedRange<Int>
    ) throws(PipelinesError) -> Int? {
        guard let given = json[name], !given.isNull else { return nil }
        guard let number = given.integer.flatMap({ Int(exactly: $0) }), range.contains(number) else {
            throw invalid(
                "rolling_policy.\(name)", "the number lies outside \(range.lowerBound)…\(range.upperBound)")
        }
        return number
    }

    package var json: JSONValue {
        var object: JSONObject = ["interval_seconds": JSONValue(intervalSeconds)]
        if let fileSizeBytes { object["file_size_bytes"] = JSONValue(fileSizeBytes) }
        if let fileRows { object["file_rows"] = JSONValue(fileRows) }
        if let inactivitySeconds { object["inactivity_seconds"] = JSONValue(inactivitySeconds) }
        return .object(object)
    }
}

/// A fault in the member of a sink's `config` at `path`.
func invalid(_ path: String, _ summary: String) -> PipelinesError {
    PipelinesError(.invalidDefinition, summary, ["path": "$.config.\(path)"])
}
