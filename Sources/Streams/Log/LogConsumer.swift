package import Effects

/// The name under which a pipeline's way to one sink holds back the trimming of a stream's log.
package enum LogConsumer {
    /// How many there may be in a node: 1,000 pipelines of 32 statements each may all read one stream.
    package static let limit = 32_000

    /// `0f…/7a…`: both ids as hex digits.
    package static func name(pipeline: UniqueID, sink: UniqueID) -> String {
        "\(pipeline.hexDigits)/\(sink.hexDigits)"
    }
}
