import FileFormats
import Foundation

/// The bytes of a file or of standard input in large pieces; what is compressed with gzip or zstd comes decompressed: its
/// first bytes tell.
struct ByteSource {
    private static let pieceBytes = 1 << 20
    /// A compressed stream's first bytes that tell its kind.
    private static let magicBytes = 4

    private let handle: FileHandle
    private let name: String
    private var unfolder: Unfolder?
    /// What was read and is not decompressed yet.
    private var folded: ArraySlice<UInt8> = []
    /// Bytes read from the file.
    private(set) var bytesRead: Int64 = 0

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

    var isCompressed: Bool { unfolder != nil }

    /// Empty at the end. - Errors: `CLI-102`, also for a compressed file that is damaged or cut off.
    mutating func next() throws(CommandError) -> [UInt8] {
        let isFirst = bytesRead == 0
        if let unfolder { return try unfold(unfolder) }
        var piece = try read()
        // A pipe may give less than what was written to it at once.
        while isFirst, !piece.isEmpty, piece.count < Self.magicBytes {
            let more = try read()
            if more.isEmpty { break }
            piece += more
        }
        guard isFirst, let codec = Unfolder.codec(startOf: piece) else { return piece }
        folded = piece[...]
        let unfolder: Unfolder
        do { unfolder = try Unfolder(codec) } catch { throw unreadable(error.summary) }
        self.unfolder = unfolder
        return try unfold(unfolder)
    }

    private mutating func unfold(_ unfolder: Unfolder) throws(CommandError) -> [UInt8] {
        while true {
            let (output, consumed): ([UInt8], Int)
            do throws(FileFormatsError) {
                (output, consumed) = try unfolder.run(folded, limit: Self.pieceBytes)
            } catch {
                throw CommandError(
                    .file, "the compressed file is damaged", ["path": name, "offset": offset],
                    hint: "`gzip -t` or `zstd -t` checks it")
            }
            folded = folded.dropFirst(consumed)
            if !output.isEmpty { return output }
            guard folded.isEmpty else { continue }
            let piece = try read()
            guard piece.isEmpty else {
                folded = piece[...]
                continue
            }
            guard unfolder.isWhole else {
                throw CommandError(
                    .file, "the compressed file is cut off", ["path": name, "bytes": bytesRead],
                    hint: "fetch it again")
            }
            return []
        }
    }

    /// Where in the file decompression stands.
    private var offset: Int64 { bytesRead - Int64(folded.count) }

    private mutating func read() throws(CommandError) -> [UInt8] {
        do {
            let piece = try handle.read(upToCount: Self.pieceBytes).map { [UInt8]($0) } ?? []
            bytesRead += Int64(piece.count)
            return piece
        } catch { throw unreadable(SystemReason.text(error)) }
    }

    private func unreadable(_ reason: String) -> CommandError {
        CommandError(.file, "the file cannot be read", ["path": name, "reason": reason])
    }
}
