package import Effects

/// The name under which a pipeline's way to one sink holds back the trimming of a stream's log.
package enum LogConsumer {
    /// `0f…/7a…`: both ids as hex digits.
    package static func name(pipeline: UniqueID, sink: UniqueID) -> String {
        "\(pipeline.hexDigits)/\(sink.hexDigits)"
    }
}
