import Octets

/// Takes an `aws-chunked` body apart and checks the signature of each chunk.
///
///     400;chunk-signature=HEX␍␊ …1,024 bytes… ␍␊ 0;chunk-signature=HEX␍␊ x-amz-checksum-crc32:…␍␊ ␍␊
///
/// Data is handed out before its chunk's signature is known; use none of it before `finish` has succeeded.
package struct AWSChunkedDecoder {
    private enum State {
        case chunkLine
        case data(remaining: Int64)
        case dataEnd
        case trailers
        case done
    }

    /// The longest line accepted; a chunk's line is about 90 bytes, a trailer's less.
    private static let lineLimit = 1024
    private static let trailerLimit = 16

    private var state = State.chunkLine
    private var line: [UInt8] = []
    private var signer: SigV4ChunkSigner?
    private var chunkSignature = ""
    private var chunkHash = DigestStream(.sha256)
    private var wantsTrailerSignature: Bool
    /// Names in lower case, without the signature; complete after `finish`.
    package private(set) var trailers: [(name: String, value: String)] = []

    /// Nil unless `payloadHash` is one of the streaming words.
    package init?(payloadHash: String, signer: SigV4ChunkSigner) {
        switch payloadHash {
        case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD": (self.signer, wantsTrailerSignature) = (signer, false)
        case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER":
            (self.signer, wantsTrailerSignature) = (signer, true)
        case "STREAMING-UNSIGNED-PAYLOAD-TRAILER": (self.signer, wantsTrailerSignature) = (nil, false)
        default: return nil
        }
    }

    /// Appends the data in `bytes` to `output`; lines may be cut anywhere.
    package mutating func decode(_ bytes: [UInt8], into output: inout [UInt8]) throws(SigningError) {
        var position = 0
        while position < bytes.count {
            switch state {
            case .data(let remaining):
                let count = Int(min(remaining, Int64(bytes.count - position)))
                output += bytes[position..<position + count]
                if signer != nil { chunkHash.update(bytes.span.extracting(position..<position + count)) }
                position += count
                state = remaining == Int64(count) ? .dataEnd : .data(remaining: remaining - Int64(count))
            case .chunkLine, .dataEnd, .trailers:
                guard let text = try takeLine(bytes, at: &position) else { continue }
                try accept(line: text)
            case .done:
                throw SigningError(.malformedChunk, "bytes follow the last chunk")
            }
        }
    }

    /// - Errors: `SIG-107` when the body ended early, `SIG-103` for a missing trailer signature.
    package mutating func finish() throws(SigningError) {
        switch state {
        case .done: return
        // Some clients leave the last empty line away; every chunk is there all the same.
        case .trailers where line.isEmpty: try endTrailers()
        default: throw SigningError(.malformedChunk, "the body ends before its last chunk")
        }
    }

    /// Nil while the line's end is not there yet.
    private mutating func takeLine(_ bytes: [UInt8], at position: inout Int) throws(SigningError) -> String? {
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            guard byte != UInt8(ascii: "\n") else {
                guard line.last == UInt8(ascii: "\r") else {
                    throw SigningError(.malformedChunk, "a line of the body does not end in CR LF")
                }
                defer { line = [] }
                return String(decoding: line.dropLast(), as: UTF8.self)
            }
            guard line.count < Self.lineLimit else {
                throw SigningError(.malformedChunk, "a line between the chunks is too long")
            }
            line.append(byte)
        }
        return nil
    }

    private mutating func accept(line text: String) throws(SigningError) {
        switch state {
        case .chunkLine: try startChunk(text)
        case .dataEnd:
            guard text.isEmpty else { throw SigningError(.malformedChunk, "a chunk is longer than it says") }
            try endChunk()
            state = .chunkLine
        case .trailers:
            if text.isEmpty { try endTrailers() } else { try addTrailer(text) }
        case .data, .done: preconditionFailure("no line is read in this state")
        }
    }

    private mutating func startChunk(_ text: String) throws(SigningError) {
        let parts = text.split(separator: ";", maxSplits: 1)
        // Fifteen digits: the size cannot overflow.
        guard let digits = parts.first, digits.utf8.count <= 15, let size = Int64(digits, radix: 16),
            size >= 0
        else {
            throw SigningError(.malformedChunk, "a chunk does not begin with its size")
        }
        chunkSignature = ""
        if signer != nil {
            let name = "chunk-signature="
            guard parts.count == 2, parts[1].hasPrefix(name) else {
                throw SigningError(.malformedChunk, "a chunk has no signature")
            }
            chunkSignature = String(parts[1].dropFirst(name.count))
        }
        guard size == 0 else {
            state = .data(remaining: size)
            return
        }
        try endChunk()
        state = .trailers
    }

    private mutating func endChunk() throws(SigningError) {
        guard var signer else { return }
        let expected = signer.signature(ofChunk: chunkHash.finish())
        self.signer = signer
        chunkHash = DigestStream(.sha256)
        guard ConstantTime.equal(expected, chunkSignature) else {
            throw SigningError(.mismatch, "the signature of a chunk is not the one computed for it")
        }
    }

    private mutating func addTrailer(_ text: String) throws(SigningError) {
        guard trailers.count < Self.trailerLimit, let colon = text.firstIndex(of: ":") else {
            throw SigningError(.malformedChunk, "a trailer is not a name and a value, or there are too many")
        }
        let value = text[text.index(after: colon)...].drop { $0 == " " }
        trailers.append((text[..<colon].lowercased(), String(value)))
    }

    private mutating func endTrailers() throws(SigningError) {
        state = .done
        guard wantsTrailerSignature, var signer else { return }
        let name = "x-amz-trailer-signature"
        let signature = trailers.first { $0.name == name }?.value
        trailers.removeAll { $0.name == name }
        let expected = signer.signature(ofTrailers: trailers)
        self.signer = signer
        guard let signature, ConstantTime.equal(expected, signature) else {
            throw SigningError(.mismatch, "the signature of the trailers is not the one computed for them")
        }
    }
}
