import Foundation

/// A file or standard input, read forward in large pieces; holds what is not consumed yet.
struct ByteInput {
    private static let pieceBytes = 1 << 20

    private let handle: FileHandle
    private let name: String
    /// What was read and not dropped; readers keep positions in it.
    private(set) var buffer: [UInt8] = []
    /// How many bytes of the source were dropped before `buffer`.
    private(set) var consumed: Int64 = 0
    private(set) var isAtEnd = false

    /// `-` is standard input. - Errors: `CLI-102`.
    init(path: String) throws(CommandError) {
        name = path
        if path == "-" {
            handle = .standardInput
            return
        }
        do {
            handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        } catch {
            throw CommandError(
                .file, "the file cannot be read", ["path": path, "reason": SystemReason.text(error)])
        }
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
        handle = .nullDevice
        name = "bytes"
        buffer = bytes
        isAtEnd = true
    }

    /// Drops `count` bytes at the front and appends the next piece. Positions in `buffer` move down by `count`.
    mutating func refill(dropping count: Int) throws(CommandError) {
        buffer.removeFirst(count)
        consumed += Int64(count)
        guard !isAtEnd else { return }
        do {
            if let data = try handle.read(upToCount: Self.pieceBytes), !data.isEmpty {
                buffer += data
            } else {
                isAtEnd = true
            }
        } catch {
            throw CommandError(
                .file, "the file cannot be read", ["path": name, "reason": SystemReason.text(error)])
        }
    }

    /// The size of a file in bytes; nil for standard input and pipes.
    static func size(path: String) -> Int64? {
        guard path != "-", let attributes = try? FileManager.default.attributesOfItem(atPath: path),
            attributes[.type] as? FileAttributeType == .typeRegular
        else { return nil }
        return (attributes[.size] as? NSNumber)?.int64Value
    }
}
