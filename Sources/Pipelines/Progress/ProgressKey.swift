package import Effects
import Metastore
import Streams

/// One statement's way from a stream into a sink: what progresses by itself.
package struct ProgressKey: Sendable, Hashable {
    package let pipelineID: UniqueID
    package let sinkID: UniqueID
    package let streamID: UniqueID

    package init(pipelineID: UniqueID, sinkID: UniqueID, streamID: UniqueID) {
        self.pipelineID = pipelineID
        self.sinkID = sinkID
        self.streamID = streamID
    }

    /// Under which name the stream's log knows it.
    package var consumer: String { LogConsumer.name(pipeline: pipelineID, sink: sinkID) }

    var values: [SQLValue] {
        [.text(pipelineID.hexDigits), .text(sinkID.hexDigits), .text(streamID.hexDigits)]
    }
}
