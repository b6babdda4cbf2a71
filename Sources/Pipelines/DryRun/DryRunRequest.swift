package import JSONText

/// What a dry run is asked: SQL, or a pipeline whose SQL it is, and how many of the last events.
package struct DryRunRequest: Sendable {
    enum Subject: Sendable, Equatable {
        case sql(String)
        /// By id or name.
        case pipeline(String)
    }

    private static let eventLimit: Int64 = 1_000_000
    private static let rowLimit: Int64 = 1000

    let subject: Subject
    let events: Int64
    /// Of rows and of rejects so many are shown.
    let rows: Int

    /// `{"sql":"…"}` or `{"pipeline":"…"}`, with `"events":1000` and `"rows":20`.
    package init(_ body: JSONValue) throws(PipelinesError) {
        switch (body["sql"]?.string, body["pipeline"]?.string) {
        case (let sql?, nil) where !sql.isEmpty && sql.utf8.count <= PipelineDefinition.sqlLimitBytes:
            subject = .sql(sql)
        case (nil, let name?): subject = .pipeline(name)
        default:
            throw PipelinesError(
                .invalidDefinition, "a dry run needs SQL or a pipeline", ["path": "$"],
                hint: #"send {"sql":"INSERT INTO sink SELECT … FROM stream"} or {"pipeline":"name"}"#)
        }
        events = try Self.number("events", in: body, usual: 1000, range: 1...Self.eventLimit)
        rows = Int(try Self.number("rows", in: body, usual: 20, range: 0...Self.rowLimit))
    }

    private static func number(
        _ name: String, in body: JSONValue, usual: Int64, range: ClosedRange<Int64>
    ) throws(PipelinesError) -> Int64 {
        guard let value = body[name], !value.isNull else { return usual }
        guard let number = value.integer, range.contains(number) else {
            throw PipelinesError(
                .invalidDefinition, "a dry run cannot be of this size", ["path": "$.\(name)"],
                hint: "\(name) is a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}
