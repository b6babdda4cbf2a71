import Blobs
import Octets

/// Reads the frames of a segment or checkpoint in order and tells a torn end from damage.
struct JournalScan {
    let file: any DiskFile
    let header: JournalHeader
    /// Bytes of the file to look at.
    let size: Int64

    struct Outcome: Equatable {
        /// Where the last whole frame ends.
        var end: Int64
        var nextSequence: UInt64
        /// Whether anything lies behind `end`.
        var isTorn: Bool
    }

    /// Nil when the file is too short to hold a header: its creation was cut off.
    init?(_ file: any DiskFile, kind: JournalHeader.Kind, number: UInt64, upTo limit: Int64? = nil) throws {
        self.file = file
        size = try min(limit ?? .max, file.size())
        let bytes = try file.read(at: 0, count: JournalHeader.byteCount)
        guard bytes.count == JournalHeader.byteCount else { return nil }
        guard let header = try JournalHeader(bytes, kind: kind) else {
            // A header is synced before the first frame: with nothing behind it, it is a creation that was cut off.
            guard size > Int64(JournalHeader.byteCount) else { return nil }
            throw BucketsError(
                .journalDamaged, "a file of the journal has no valid header", ["number": number])
        }
        guard header.number == number else {
            throw BucketsError(
                .journalDamaged, "a file of the journal has another one's number",
                ["name": number, "header": header.number])
        }
        self.header = header
    }

    /// Calls `body` with each frame's records and the offset in the file at which they begin.
    ///
    /// - Errors: `BKT-201` for damage, with the offset; what `body` throws.
    func run(allowsTornEnd: Bool, _ body: ([UInt8], Int64) throws -> Void) throws -> Outcome {
        var outcome = Outcome(
            end: Int64(JournalHeader.byteCount), nextSequence: header.firstSequence, isTorn: false)
        while outcome.end < size {
            guard let frame = try frame(at: outcome.end, sequence: outcome.nextSequence) else {
                guard try allowsTornEnd && !hasFrame(behind: outcome.end) else {
                    throw BucketsError(
                        .journalDamaged, "a frame of the journal is damaged",
                        ["file": header.number, "offset": outcome.end],
                        hint: "restore the directory from a copy")
                }
                outcome.isTorn = true
                return outcome
            }
            let origin = outcome.end + Int64(JournalFrame.headerBytes)
            try body(frame, origin)
            outcome.end = origin + Int64(frame.count)
            outcome.nextSequence += 1
        }
        return outcome
    }

    private func frame(at offset: Int64, sequence: UInt64) throws -> [UInt8]? {
        let bytes = try file.read(at: offset, count: JournalFrame.headerBytes)
        guard let frame = JournalFrame.header(bytes, salt: header.salt), frame.sequence == sequence,
            offset + Int64(JournalFrame.headerBytes + frame.bodyBytes) <= size
        else { return nil }
        let body = try file.read(at: offset + Int64(JournalFrame.headerBytes), count: frame.bodyBytes)
        guard body.count == frame.bodyBytes, CRC32C.checksum(body.span) == frame.bodyChecksum else {
            return nil
        }
        return body
    }

    /// Looks at every byte behind `offset` for a whole frame.
    private func hasFrame(behind offset: Int64) throws -> Bool {
        let rest = try file.read(at: offset + 1, count: Int(size - offset - 1))
        for index in rest.indices {
            guard let frame = JournalFrame.header(rest, at: index, salt: header.salt) else { continue }
            let start = index + JournalFrame.headerBytes
            guard rest.count - start >= frame.bodyBytes else { continue }
            let body = rest.span.extracting(start..<start + frame.bodyBytes)
            if CRC32C.checksum(body) == frame.bodyChecksum { return true }
        }
        return false
    }
}
