import Columnar
package import JSONText

/// What a replay made of the rejects of one statement.
package struct ReplayResult: Sendable, Equatable {
    /// What these rejects have in common, why they still do not fit.
    package struct Reason: Sendable, Hashable {
        package var code: String
        package var path: String
    }

    /// More kinds of reasons are counted and not told.
    static let reasonLimit = 20

    package var stream: String
    package var sink: String
    /// Of the rejects that were looked at; what is rejected stays a reject.
    package var counts = PipelineCounts()
    /// For each reason how many, and what the first one of them was told.
    package private(set) var reasons: [Reason: (count: Int64, message: String)] = [:]

    init(stream: String, sink: String) {
        self.stream = stream
        self.sink = sink
    }

    mutating func add(_ other: ReplayResult) {
        counts += other.counts
        for (reason, told) in other.reasons {
            if let known = reasons[reason] {
                reasons[reason] = (known.count + told.count, known.message)
            } else if reasons.count < Self.reasonLimit {
                reasons[reason] = told
            }
        }
    }

    mutating func note(_ rejects: [RejectedEvent]) {
        for reject in rejects {
            let reason = Reason(code: reject.code, path: reject.path)
            if let known = reasons[reason] {
                reasons[reason] = (known.count + 1, known.message)
            } else if reasons.count < Self.reasonLimit {
                reasons[reason] = (1, reject.message)
            }
        }
    }

    package var json: JSONValue {
        [
            "stream": .string(stream), "sink": .string(sink), "events": .integer(counts.events),
            "passed": .integer(counts.passed), "filtered": .integer(counts.filtered),
            "rejected": .integer(counts.rejected), "sink_rows": .integer(counts.sinkRows),
            "reasons": .array(
                reasons.sorted {
                    ($1.value.count, $0.key.code, $0.key.path) < ($0.value.count, $1.key.code, $1.key.path)
                }
                .map { reason, told in
                    [
                        "code": .string(reason.code), "path": .string(reason.path),
                        "message": .string(told.message), "events": .integer(told.count),
                    ]
                }),
        ]
    }

    package static func == (left: ReplayResult, right: ReplayResult) -> Bool { left.json == right.json }
}

/// `{"events":3,"passed":2,"filtered":0,"rejected":1,"sink_rows":2,"statements":[…]}`
package struct ReplayAnswer: Sendable {
    package var statements: [ReplayResult]

    package var counts: PipelineCounts { statements.reduce(into: PipelineCounts()) { $0 += $1.counts } }

    package var json: JSONValue {
        [
            "events": .integer(counts.events), "passed": .integer(counts.passed),
            "filtered": .integer(counts.filtered), "rejected": .integer(counts.rejected),
            "sink_rows": .integer(counts.sinkRows), "statements": .array(statements.map(\.json)),
        ]
    }
}
