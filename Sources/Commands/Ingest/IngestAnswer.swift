import JSONText

/// What the server says of a batch that it kept.
///
///     {"committed":999,"rejected":1,"misfits":[{"index":3,"path":"$.id","code":"…","message":"…"}]}
///
/// A stream that acknowledges `validated` tells which events do not fit its schema; others leave that to pipelines.
struct IngestAnswer: Sendable {
    /// An event that is kept and does not fit the stream's schema: it becomes a reject.
    struct Misfit: Sendable {
        /// In its batch, from zero.
        var index: Int
        var path: String
        var code: String
        var message: String
    }

    var accepted: Int
    var rejected: Int
    /// The first of them; the server does not name all.
    var misfits: [Misfit]
    /// A run before this one sent the batch already.
    var wasKept: Bool

    /// - Errors: `CLI-202` when the counts are not those of what was sent.
    init(_ result: JSONValue?, sent: Int, wasKept: Bool) throws(CommandError) {
        let committed = result?["committed"]?.integer ?? -1
        let refused = result?["rejected"]?.integer ?? 0
        guard committed >= 0, refused >= 0, committed <= sent, committed + refused == Int64(sent) else {
            throw CommandError(
                .foreignAnswer, "the server counted other events than were sent",
                ["sent": sent, "committed": committed, "rejected": refused])
        }
        accepted = Int(committed)
        rejected = Int(refused)
        misfits = (result?["misfits"]?.array ?? []).compactMap { entry in
            guard let index = entry["index"]?.integer, (0..<Int64(sent)).contains(index) else { return nil }
            return Misfit(
                index: Int(index), path: entry["path"]?.string ?? "$", code: entry["code"]?.string ?? "",
                message: entry["message"]?.string ?? "the event does not fit the stream's schema")
        }
        self.wasKept = wasKept
    }

    /// True for a failure that asking again does not change: the events are kept, and nothing will land them.
    static func isFinal(_ envelope: JSONValue) -> Bool {
        envelope["errors"]?.array?.first?["firn_code"]?.string == "ING-107"
    }
}
