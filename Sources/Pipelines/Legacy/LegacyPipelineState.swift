import Effects
package import JSONText
package import Streams

/// A pipeline of the older kind as it is now.
package struct LegacyPipelineState: Sendable {
    let pipeline: PipelineDefinition
    /// With its sink; nil when the stream was deleted under the pipeline.
    package let parts: Parts?

    package struct Parts: Sendable {
        package let stream: StreamDefinition
        package let sink: SinkDefinition

        /// Nothing comes in.
        var isClosed: Bool { !stream.http.isEnabled && !stream.hasWorkerBinding }
    }

    package var id: String { pipeline.id.hexDigits }

    package var name: String { LegacyPipeline.name(ofPipeline: pipeline.name) }

    /// What a client reads. `endpoint` is the full address for events of the stream.
    package func json(endpoint: String?) -> JSONValue {
        [
            "id": .string(pipeline.id.hexDigits), "name": .string(name),
            "version": .integer(pipeline.legacyVersion ?? 0), "endpoint": JSONValue(endpoint),
            "source": .array(parts.map { Self.source($0.stream) } ?? []),
            "destination": parts.flatMap { LegacyDestination.json(of: $0.sink) } ?? .null,
        ]
    }

    private static func source(_ stream: StreamDefinition) -> [JSONValue] {
        var sources: [JSONValue] = []
        if stream.http.isEnabled {
            sources.append([
                "type": "http", "format": "json", "authentication": .boolean(stream.http.needsAuthentication),
                "cors": ["origins": JSONValue(stream.http.corsOrigins)],
            ])
        }
        if stream.hasWorkerBinding { sources.append(["type": "binding", "format": "json"]) }
        return sources
    }
}
