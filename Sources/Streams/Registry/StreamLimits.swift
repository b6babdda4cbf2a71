import JSONText

/// What one stream takes at most, besides what the node takes at most from any.
package struct StreamLimits: Sendable, Equatable {
    enum Name: String, CaseIterable {
        /// Of a request's body, as it is sent.
        case requestBytes = "request_bytes"
        case eventsPerSecond = "events_per_second"
        /// Of bodies as the log keeps them, unfolded.
        case bytesPerSecond = "bytes_per_second"
        /// Of what is accepted and has not landed, as the log keeps it.
        case backlogBytes = "backlog_bytes"
    }

    private var values: [Name: Int64] = [:]

    /// Larger numbers would overflow when they are counted with others.
    private static let largest: Int64 = 1 << 50

    package init() {}

    subscript(name: Name) -> Int64? { values[name] }

    package var requestBytes: Int64? { values[.requestBytes] }
    var hasRate: Bool { values[.eventsPerSecond] != nil || values[.bytesPerSecond] != nil }

    /// What `json` names changes; null takes a limit away.
    ///
    /// - Errors: `STR-104` with the JSON path.
    init(_ json: JSONValue, over base: StreamLimits) throws(StreamsError) {
        self = base
        if json.isNull { return }
        guard json.object != nil else {
            throw StreamDefinition.invalid("$.limits", "limits are an object")
        }
        for name in Name.allCases {
            guard let given = json[name.rawValue] else { continue }
            if given.isNull {
                values[name] = nil
                continue
            }
            guard let limit = given.integer, (1...Self.largest).contains(limit) else {
                throw StreamDefinition.invalid(
                    "$.limits.\(name.rawValue)", "a limit is a whole number from 1 to \(Self.largest)")
            }
            values[name] = limit
        }
    }

    /// Those that are set; nil when none is.
    var json: JSONValue? {
        if values.isEmpty { return nil }
        var object = JSONObject()
        for name in Name.allCases {
            if let limit = values[name] { object[name.rawValue] = .integer(limit) }
        }
        return .object(object)
    }
}
