import Foundation

/// A file or standard input, read forward in large pieces; holds what is not consumed yet.
struct ByteInput {
    private var source: ByteSource?
    /// What was read and not dropped; readers keep positions in it.
    private(set) var buffer: [UInt8] = []
    /// How many bytes of the source were dropped before `buffer`.
    private(set) var consumed: Int64 = 0
    private(set) var isAtEnd = false

    /// `-` is standard input. - Errors: `CLI-102`.
    init(path: String) throws(CommandError) {
        source = try ByteSource(path: path)
    }

    /// Tells what is wrong with a file before anything is sent, in a few words.
    ///
    /// - Errors: `CLI-102`.
    static func check(path: String) throws(CommandError) {
        if path == "-" { return }
        let files = FileManager.default
        guard let attributes = try? files.attributesOfItem(atPath: path) else {
            throw CommandError(.file, "there is no such file", ["path": path])
        }
        guard attributes[.type] as? FileAttributeType != .typeDirectory else {
            throw CommandError(.file, "this is a directory, not a file", ["path": path])
        }
        guard files.isReadableFile(atPath: path) else {
            throw CommandError(.file, "the file may not be read by this user", ["path": path])
        }
    }

    init(bytes: [UInt8]) {
        buffer = bytes
        isAtEnd = true
    }

    /// Drops `count` bytes at the front and appends the next piece. Positions in `buffer` move down by `count`.
    mutating func refill(dropping count: Int) throws(CommandError) {
        buffer.removeFirst(count)
        consumed += Int64(count)
        guard !isAtEnd, let piece = try source?.next() else { return }
        buffer += piece
        isAtEnd = piece.isEmpty
    }

    /// How far into the file the byte at `position` of `buffer` lies; about so when the file is compressed.
    func sourceBytes(at position: Int) -> Int64 {
        if let source, source.isCompressed { return source.bytesRead }
        return consumed + Int64(position)
    }

    /// The size of a file in bytes; nil for standard input and pipes.
    static func size(path: String) -> Int64? {
        guard path != "-", let attributes = try? FileManager.default.attributesOfItem(atPath: path),
            attributes[.type] as? FileAttributeType == .typeRegular
        else { return nil }
        return (attributes[.size] as? NSNumber)?.int64Value
    }
}
