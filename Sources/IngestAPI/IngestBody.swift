import Faults
import FileFormats
import JSONText
import Scheduling
import Streams

/// A request's events as the log takes them: unfolded, checked whole, with their checksum.
struct IngestBody: Sendable {
    var bytes: [UInt8]
    var wasCompressed: Bool
    var events: EventBody
    var checksum: UInt32
    /// Events that do not fit the stream's schema, as far as somebody asked for them; at most so many are told.
    var misfits: [Misfit] = []
    var misfitCount = 0

    private static let shownMisfits = 100

    /// `"rejected":1,"misfits":[{"index":3,"path":"$.id","code":"type_mismatch","expected":"an integer of int64",
    /// "found":"\"x\"","message":"…"}],"truncated":false`; truncated where some of the rejected are not listed.
    func describeMisfits(in result: inout JSONObject) {
        result["rejected"] = JSONValue(misfitCount)
        result["misfits"] = .array(
            misfits.map { misfit in
                [
                    "index": JSONValue(misfit.index), "path": .string(misfit.path),
                    "code": .string(misfit.code.rawValue), "expected": .string(misfit.expected),
                    "found": .string(misfit.found), "message": .string(misfit.message),
                ]
            })
        result["truncated"] = .boolean(misfits.count < misfitCount)
    }

    mutating func findMisfits(_ stream: StreamDefinition) throws {
        let parser = try EventParser(schema: stream.schema, unknownFields: stream.unknownFields)
        try parser.start(bytes, framing: events.framing)
        var isEnd = false
        while !isEnd {
            let part = try parser.next(tellingMisfits: Self.shownMisfits - misfits.count)
            misfitCount += part.misfitCount
            misfits += part.misfits
            isEnd = part.isEnd
        }
    }
}

/// Turns the bytes of a request into events.
///
/// - Cost: for a long body milliseconds of pure computation: run it on the morsel pool.
struct IngestBodyReader: Sendable {
    var encoding: ContentEncoding
    var mediaType: String?
    var stream: StreamDefinition
    var unfoldedLimit: Int

    private static let lines = "application/x-ndjson"

    /// Longer bodies are checked on the morsel pool; a shorter one takes less time than the way there.
    static let inlineBytes = 256 << 10

    func isLong(_ bytes: [UInt8]) -> Bool {
        encoding != .identity || bytes.count > Self.inlineBytes || stream.acknowledgement == .validated
            || ArrowBody.isNamed(by: mediaType)
    }

    /// `reservation` stands for the bytes as they came and grows before they are unfolded.
    func read(_ sent: [UInt8], _ reservation: MemoryReservation) throws -> IngestBody {
        var bytes = try unfold(sent, reservation)
        var readAs = mediaType
        if CSVBody.isNamed(by: mediaType) {
            readAs = Self.lines
            bytes = try CSVBody(schema: stream.schema, limit: unfoldedLimit).lines(of: bytes) { next in
                try reservation.resize(to: sent.count + bytes.count + next)
            }
        } else if ArrowBody.isNamed(by: mediaType) {
            let unfolded = bytes
            bytes = try ArrowBody(limit: unfoldedLimit).lines(of: unfolded) { next in
                try reservation.resize(to: sent.count + unfolded.count + next)
            }
            // A stream without rows says "nothing" on purpose.
            readAs = bytes.isEmpty ? nil : Self.lines
            if bytes.isEmpty { bytes = Array("[]".utf8) }
        }
        Self.blankByteOrderMark(&bytes)
        let events = try EventBody.inspect(bytes, mediaType: readAs)
        // An empty array says "nothing" on purpose; an empty body is a mistake.
        guard events.count > 0 || events.framing == .array else {
            throw FileFormatsError(.malformedBody, "the body is empty", at: .byte(0))
        }
        var body = IngestBody(
            bytes: bytes, wasCompressed: encoding != .identity, events: events,
            checksum: LogAppend.checksum(of: bytes))
        if stream.acknowledgement == .validated, events.count > 0 {
            try validate(&body, reservation)
        }
        return body
    }

    private func validate(_ body: inout IngestBody, _ reservation: MemoryReservation) throws {
        let before = reservation.bytes
        try reservation.resize(
            to: before + stream.schema.readingBytes(body: body.bytes.count, events: body.events.count))
        try body.findMisfits(stream)
        try reservation.resize(to: before)
    }

    private func unfold(_ sent: [UInt8], _ reservation: MemoryReservation) throws -> [UInt8] {
        guard let codec = encoding.codec else { return sent }
        do {
            return try codec.decompress(sent, limit: unfoldedLimit) { next in
                try reservation.resize(to: sent.count + next)
            }
        } catch let error as FileFormatsError where error.code == .corruptFile {
            throw IngestError(
                .damagedEncoding, "the body is no \(encoding.rawValue)", ["bytes": sent.count], cause: error)
        }
    }

    /// A mark in front of JSON is what some editors and shells write. It becomes white space: the places in messages
    /// stay those of the body that was sent.
    ///
    /// Source: RFC 8259 section 8.1: a parser may ignore it.
    private static func blankByteOrderMark(_ bytes: inout [UInt8]) {
        guard bytes.starts(with: [0xEF, 0xBB, 0xBF]) else { return }
        for index in 0..<3 { bytes[index] = 0x20 }
    }
}

/// How a body travels.
enum ContentEncoding: String, Sendable {
    case identity, gzip, zstd

    /// - Errors: `ING-101`.
    init(header: String?) throws(IngestError) {
        guard let header else {
            self = .identity
            return
        }
        let name = header.lowercased().filter { $0 != " " }
        switch name {
        case "", "identity": self = .identity
        case "gzip", "x-gzip": self = .gzip
        case "zstd": self = .zstd
        default:
            throw IngestError(
                .unsupportedEncoding, "the body's encoding is not known", ["content-encoding": name],
                hint: "send it plain, as gzip or as zstd")
        }
    }

    var codec: Codec? {
        switch self {
        case .identity: nil
        case .gzip: .gzip
        case .zstd: .zstd
        }
    }
}
