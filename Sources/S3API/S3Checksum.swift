import Octets
import Signing

/// The additional checksums of S3. The raw value is the last part of the header's name.
enum S3Checksum: String, CaseIterable, Sendable {
    case crc32, crc32c, crc64nvme, sha1, sha256

    /// The element of XML answers.
    var element: String {
        switch self {
        case .crc32: "ChecksumCRC32"
        case .crc32c: "ChecksumCRC32C"
        case .crc64nvme: "ChecksumCRC64NVME"
        case .sha1: "ChecksumSHA1"
        case .sha256: "ChecksumSHA256"
        }
    }

    /// Whether the checksum of a whole can stand for its parts without reading them again; digests cannot.
    var isLinear: Bool { self != .sha1 && self != .sha256 }

    /// A checksum of checksums has their number behind it.
    static func type(of value: String) -> String { value.contains("-") ? "COMPOSITE" : "FULL_OBJECT" }

    var header: String { "x-amz-checksum-\(rawValue)" }

    init?(header: some StringProtocol) {
        let prefix = "x-amz-checksum-"
        guard header.hasPrefix(prefix) else { return nil }
        self.init(rawValue: String(header.dropFirst(prefix.count)))
    }
}

/// Computes one checksum over a body that comes in pieces.
struct S3ChecksumStream {
    private enum State {
        case narrow(UInt32)
        case wide(UInt64)
        case digest(DigestStream)
    }

    let kind: S3Checksum
    private var state: State

    init(_ kind: S3Checksum) {
        self.kind = kind
        state =
            switch kind {
            case .crc32, .crc32c: .narrow(0)
            case .crc64nvme: .wide(0)
            case .sha1: .digest(DigestStream(.sha1))
            case .sha256: .digest(DigestStream(.sha256))
            }
    }

    mutating func update(_ bytes: [UInt8]) {
        switch state {
        case .narrow(let seed):
            state = .narrow(
                kind == .crc32
                    ? CRC.crc32.checksum(bytes.span, seed: seed) : CRC32C.checksum(bytes.span, seed: seed))
        case .wide(let seed): state = .wide(CRC.crc64NVMe.checksum(bytes.span, seed: seed))
        case .digest(let digest): digest.update(bytes)
        }
    }

    /// Base64 of the checksum, highest byte first. Call it once.
    func finish() -> String {
        switch state {
        case .narrow(let value): Base64.encode(Self.bytes(value))
        case .wide(let value): Base64.encode(Self.bytes(value))
        case .digest(let digest): Base64.encode(digest.finish())
        }
    }

    private static func bytes<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
        stride(from: Value.bitWidth - 8, through: 0, by: -8).map {
            UInt8(truncatingIfNeeded: value >> Value($0))
        }
    }
}
