import Columnar
import FileFormats
import JSONText
import Synchronization
import Telemetry
import Wire

/// The hosted service's envelope.
///
///     {"result":{"request_id":…,"schema":[…],"rows":[…],"metrics":{…}},"success":true,"errors":[],"messages":[]}
final class EnvelopeFormat: ResultFormat {
    let contentType = "application/json"
    private let schema: Schema
    private let names: [String]
    private let requestID: RequestID
    /// Knows whether a comma is due.
    private let encoder: Mutex<RowEncoder>

    init(schema: Schema, requestID: RequestID) {
        self.schema = schema
        self.requestID = requestID
        let encoder = RowEncoder(schema: schema)
        names = encoder.names
        self.encoder = Mutex(encoder)
    }

    func head() -> [UInt8] {
        let columns = zip(schema.fields, names).map { TypeDescriptor.column($0, name: $1) }
        var bytes = Array("{\"result\":{\"request_id\":".utf8)
        JSONValue.appendQuoted(requestID.description, to: &bytes)
        bytes.append(contentsOf: ",\"schema\":".utf8)
        bytes.append(contentsOf: JSONValue.array(columns).serialized())
        bytes.append(contentsOf: ",\"rows\":[".utf8)
        return bytes
    }

    func encode(_ batch: Batch) -> [UInt8] {
        var bytes: [UInt8] = []
        encoder.withLock { $0.append(batch, to: &bytes) }
        return bytes
    }

    func tail(_ metrics: JSONObject) -> [UInt8] {
        Array("],\"metrics\":".utf8) + JSONValue.object(metrics).serialized()
            + Array("},\"success\":true,\"errors\":[],\"messages\":[]}".utf8)
    }

    func failure(_ error: any Error) -> [UInt8] { Self.line(error) }

    /// The error's own envelope on a line by itself.
    static func line(_ error: any Error) -> [UInt8] {
        guard case .bytes(let body) = Envelope.failure(error).body else { return [] }
        return [0x0A] + body + [0x0A]
    }
}
