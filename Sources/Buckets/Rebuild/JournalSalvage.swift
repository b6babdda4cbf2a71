import Blobs
import Octets

/// Reads whatever frames of the journal are whole, wherever they lie.
struct JournalSalvage {
    let files: JournalFiles
    /// Ranges and files that could not be read.
    private(set) var damages = 0

    init(files: JournalFiles) { self.files = files }

    /// Calls `body` with every whole frame of the file, in order, and where its records begin.
    mutating func frames(
        _ path: String, kind: JournalHeader.Kind, _ body: ([UInt8], Int64) -> Void
    ) throws {
        guard let file = try files.disk.open(path, isWritable: false) else { return damages += 1 }
        let bytes = try file.read(at: 0, count: Int(try file.size()))
        guard let header = try JournalHeader(bytes, kind: kind) else { return damages += 1 }
        var offset = JournalHeader.byteCount
        var isLost = false
        while offset < bytes.count {
            guard let frame = Self.frame(bytes, at: offset, salt: header.salt) else {
                // Its length cannot be trusted: look at every byte for the next whole one.
                if !isLost { damages += 1 }
                isLost = true
                offset += 1
                continue
            }
            isLost = false
            let start = offset + JournalFrame.headerBytes
            body(Array(bytes[start..<start + frame.bodyBytes]), Int64(start))
            offset = start + frame.bodyBytes
        }
    }

    private static func frame(_ bytes: [UInt8], at offset: Int, salt: UInt64) -> JournalFrame.Header? {
        guard let frame = JournalFrame.header(bytes, at: offset, salt: salt) else { return nil }
        let start = offset + JournalFrame.headerBytes
        guard bytes.count - start >= frame.bodyBytes else { return nil }
        let body = bytes.span.extracting(start..<start + frame.bodyBytes)
        return CRC32C.checksum(body) == frame.bodyChecksum ? frame : nil
    }
}
