import JSONText

/// Why events were rejected, by what these reasons have in common.
struct RejectReasons: Sendable {
    private struct Kind: Hashable {
        var code: String
        var path: String
    }

    /// Rarer kinds, when there are more, are not told.
    private static let limit = 20

    /// How many, and what the first one was told.
    private var told: [Kind: (count: Int64, message: String)] = [:]

    mutating func note(_ rejects: [RejectedEvent]) {
        for reject in rejects { note(Kind(code: reject.code, path: reject.path), 1, reject.message) }
    }

    mutating func add(_ other: RejectReasons) {
        for (kind, reason) in other.told { note(kind, reason.count, reason.message) }
    }

    private mutating func note(_ kind: Kind, _ count: Int64, _ message: String) {
        if let known = told[kind] {
            told[kind] = (known.count + count, known.message)
        } else if told.count < Self.limit {
            told[kind] = (count, message)
        }
    }

    /// The most frequent first.
    var json: JSONValue {
        let sorted = told.sorted {
            ($1.value.count, $0.key.code, $0.key.path) < ($0.value.count, $1.key.code, $1.key.path)
        }
        return .array(
            sorted.map { kind, reason in
                [
                    "code": .string(kind.code), "path": .string(kind.path),
                    "message": .string(reason.message), "events": .integer(reason.count),
                ]
            })
    }
}
