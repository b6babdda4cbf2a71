import Blobs

/// Finds the chunks that hold a range of an encrypted object, and opens them.
struct ObjectDecryptor: Sendable {
    /// Chunks that lie side by side in one piece.
    struct Stretch: Sendable, Equatable {
        var piece: Int
        var chunks: Range<Int64>
        /// Where they are among the object's stored bytes.
        var stored: Range<Int64>
        /// What of their plain bytes is asked for.
        var kept: Range<Int>
    }

    private let opened: OpenedEncryption
    private let path: BlobPath
    /// Where each piece begins; as many as pieces, and the ends of the last.
    private let plainStarts: [Int64]
    private let storedStarts: [Int64]

    init(_ opened: OpenedEncryption, of path: BlobPath) {
        self.opened = opened
        self.path = path
        var plain: [Int64] = [0]
        var stored: [Int64] = [0]
        for piece in opened.encryption.pieces {
            plain.append((plain.last ?? 0) + piece.size)
            stored.append((stored.last ?? 0) + ChunkFormat.storedSize(piece.size))
        }
        plainStarts = plain
        storedStarts = stored
    }

    /// In order. None for an empty range.
    func stretches(_ range: Range<Int64>) -> [Stretch] {
        var found: [Stretch] = []
        var piece = firstPiece(range.lowerBound)
        while piece < opened.encryption.pieces.count, plainStarts[piece] < range.upperBound {
            defer { piece += 1 }
            let start = plainStarts[piece]
            let wanted = max(range.lowerBound, start)..<min(range.upperBound, plainStarts[piece + 1])
            guard !wanted.isEmpty else { continue }
            let unit = ChunkFormat.plainBytes
            let chunks = (wanted.lowerBound - start) / unit..<(wanted.upperBound - 1 - start) / unit + 1
            let first = storedStarts[piece] + chunks.lowerBound * ChunkFormat.storedBytes
            let last = min(
                storedStarts[piece] + chunks.upperBound * ChunkFormat.storedBytes, storedStarts[piece + 1])
            let base = start + chunks.lowerBound * unit
            found.append(
                Stretch(
                    piece: piece, chunks: chunks, stored: first..<last,
                    kept: Int(wanted.lowerBound - base)..<Int(wanted.upperBound - base)))
        }
        return found
    }

    /// The last piece that begins at or before the offset.
    private func firstPiece(_ offset: Int64) -> Int {
        var low = 0
        var high = opened.encryption.pieces.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if plainStarts[middle] <= offset { low = middle } else { high = middle }
        }
        return low
    }

    /// Nil when the bytes are not what was stored there.
    func open(_ stored: [UInt8], _ stretch: Stretch) -> [UInt8]? {
        guard let plain = openAll(stored, stretch) else { return nil }
        guard stretch.kept.upperBound <= plain.count else { return nil }
        return stretch.kept == 0..<plain.count ? plain : Array(plain[stretch.kept])
    }

    private func openAll(_ stored: [UInt8], _ stretch: Stretch) -> [UInt8]? {
        guard Int64(stored.count) == Int64(stretch.stored.count) else { return nil }
        let piece = opened.encryption.pieces[stretch.piece]
        let cipher = opened.cipher(of: piece, at: path)
        let last = ChunkFormat.count(piece.size) - 1
        var plain: [UInt8] = []
        plain.reserveCapacity(stored.count)
        var offset = 0
        for index in stretch.chunks {
            let end = min(offset + Int(ChunkFormat.storedBytes), stored.count)
            let chunk = stored.span.extracting(offset..<end)
            guard let opened = cipher.open(chunk, index: index, isLast: index == last) else { return nil }
            plain += opened
            offset = end
        }
        return plain
    }
}
