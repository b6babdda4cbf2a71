package import JSONText

/// What a replay made of the rejects of one statement.
struct ReplayResult: Sendable {
    let stream: String
    let sink: String
    /// Of the rejects that were looked at; what is rejected stays a reject.
    var counts = PipelineCounts()
    var reasons = RejectReasons()

    mutating func add(_ other: ReplayResult) {
        counts += other.counts
        reasons.add(other.reasons)
    }

    var json: JSONValue {
        var object: JSONObject = ["stream": .string(stream), "sink": .string(sink)]
        for (name, value) in ReplayAnswer.members(counts).members { object[name] = value }
        object["reasons"] = reasons.json
        return .object(object)
    }
}

/// `{"events":3,"passed":2,"filtered":0,"rejected":1,"sink_rows":2,"statements":[…],"skipped":[…]}`
package struct ReplayAnswer: Sendable {
    static let skipReason = "rejects of a sink of files are files, which nobody replays"

    var statements: [ReplayResult] = []
    /// What stays as it was, because the sink has no table.
    let skipped: [(stream: String, sink: String)]

    init(skipped: [(stream: String, sink: String)]) { self.skipped = skipped }

    var counts: PipelineCounts { statements.reduce(into: PipelineCounts()) { $0 += $1.counts } }

    package var json: JSONValue {
        var object = Self.members(counts)
        object["statements"] = .array(statements.map(\.json))
        object["skipped"] = .array(
            skipped.map {
                ["stream": .string($0.stream), "sink": .string($0.sink), "message": .string(Self.skipReason)]
            })
        return .object(object)
    }

    fileprivate static func members(_ counts: PipelineCounts) -> JSONObject {
        [
            "events": .integer(counts.events), "passed": .integer(counts.passed),
            "filtered": .integer(counts.filtered), "rejected": .integer(counts.rejected),
            "sink_rows": .integer(counts.sinkRows),
        ]
    }
}
