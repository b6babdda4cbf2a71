import Buckets
import Octets
import Signing
import Synchronization

/// The checksum of an object made of parts: of all its bytes, or of the checksums of its parts.
///
/// - Source: "Checking object integrity in Amazon S3", multipart uploads.
struct MultipartChecksum: Equatable {
    var kind: S3Checksum
    /// Else the checksum is that of the parts' checksums, with their number behind it.
    var isFull: Bool

    /// Fields of the upload's metadata; never shown.
    private static let kindField = "firn-checksum-algorithm"
    private static let typeField = "firn-checksum-type"

    /// What starts an upload asks for. - Errors: `S3-101`, `S3-112`.
    init?(_ request: HTTPHeadersReader) throws(S3Error) {
        guard let name = request["x-amz-checksum-algorithm"] else { return nil }
        guard let kind = S3Checksum(rawValue: name.lowercased()) else {
            throw S3Error(.invalidRequest, "no such checksum algorithm", ["value": name])
        }
        let type = request["x-amz-checksum-type"]?.uppercased()
        guard [nil, "COMPOSITE", "FULL_OBJECT"].contains(type) else {
            throw S3Error(.invalidArgument, "no such checksum type", ["value": type ?? ""])
        }
        self.kind = kind
        isFull = type.map { $0 == "FULL_OBJECT" } ?? (kind == .crc64nvme)
        guard isFull ? kind.isLinear : kind != .crc64nvme else {
            throw S3Error(
                .invalidRequest, "the algorithm does not go with this type of checksum",
                ["algorithm": name, "type": type ?? ""])
        }
    }

    init?(_ metadata: ObjectMetadata) {
        guard let kind = metadata[Self.kindField].flatMap({ S3Checksum(rawValue: $0) }) else { return nil }
        self.kind = kind
        isFull = metadata[Self.typeField] == "FULL_OBJECT"
    }

    var fields: [ObjectMetadata.Field] {
        [
            ObjectMetadata.Field(Self.kindField, kind.rawValue),
            ObjectMetadata.Field(Self.typeField, isFull ? "FULL_OBJECT" : "COMPOSITE"),
        ]
    }

    /// Of the parts' checksums in order. - Errors: `S3-112` for a part that was sent without one.
    func composite(_ parts: [PartInfo]) throws(S3Error) -> String {
        var joined: [UInt8] = []
        for part in parts {
            guard let bytes = part.metadata[kind.header].flatMap({ Base64.decode($0) }) else {
                throw S3Error(
                    .invalidRequest, "a part was sent without the upload's checksum",
                    ["part": part.number, "algorithm": kind.rawValue])
            }
            joined += bytes
        }
        var stream = S3ChecksumStream(kind)
        stream.update(joined)
        return "\(stream.finish())-\(parts.count)"
    }

    /// Fields that are bookkeeping and no header of the object.
    static func isInternal(_ name: String) -> Bool { name.hasPrefix("firn-") }
}

/// What looks up a header.
struct HTTPHeadersReader {
    let find: (String) -> String?
    subscript(name: String) -> String? { find(name) }
}

/// Computes a checksum of bytes that come in order on several threads.
final class ChecksumObserver: Sendable {
    private let state: Mutex<S3ChecksumStream>
    init(_ kind: S3Checksum) { state = Mutex(S3ChecksumStream(kind)) }
    func update(_ bytes: [UInt8]) { state.withLock { $0.update(bytes) } }
    func finish() -> String { state.withLock { $0.finish() } }
}
