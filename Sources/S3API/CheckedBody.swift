import Blobs
import Buckets
import Wire

extension OpenObject {
    private static let pieceBytes: Int64 = 256 << 10
    /// Pieces that wait for the client, and the one that is read meanwhile.
    static let checkedBodyBytes = 1 << 20

    /// Writes the whole object; its last piece only when all bytes are what was stored. A damaged one ends in an aborted
    /// transfer.
    ///
    /// - Errors: `BLB-201`, `WIR-301`.
    func writeChecked(to writer: ResponseWriter) async throws {
        var check = startCheck()
        var offset: Int64 = 0
        while offset < info.size {
            let end = min(info.size, offset + Self.pieceBytes)
            let piece = try await check.read(offset..<end)
            if end == info.size { try check.finish() }
            try await writer.write(piece)
            offset = end
        }
    }

    /// Writes a range of an encrypted object, in pieces that begin with a chunk where its parts do; each chunk is checked
    /// before it goes out.
    func write(_ range: Range<Int64>, to writer: ResponseWriter) async throws {
        var offset = range.lowerBound
        while offset < range.upperBound {
            let end = min(range.upperBound, (offset / Self.pieceBytes + 1) * Self.pieceBytes)
            try await writer.write(try await read([offset..<end])[0])
            offset = end
        }
    }
}
