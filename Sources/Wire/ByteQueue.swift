/// Pieces of bytes in order, with their total; a piece may be taken in parts.
struct ByteQueue {
    private var pieces: [[UInt8]] = []
    private var head = 0
    /// How much of the first piece is gone.
    private var headOffset = 0
    private(set) var byteCount = 0

    var isEmpty: Bool { byteCount == 0 }

    mutating func push(_ piece: [UInt8]) {
        guard !piece.isEmpty else { return }
        pieces.append(piece)
        byteCount += piece.count
    }

    /// The rest of the first piece.
    mutating func pop() -> [UInt8]? {
        guard head < pieces.count else { return nil }
        let piece = pieces[head]
        let rest = headOffset == 0 ? piece : Array(piece[headOffset...])
        advance(by: rest.count)
        return rest
    }

    /// At most `capacity` bytes of the first piece.
    func peek(capacity: Int) -> ArraySlice<UInt8> {
        guard head < pieces.count else { return [] }
        return pieces[head][headOffset...].prefix(capacity)
    }

    /// Drops `count` bytes, which must all lie in the first piece.
    mutating func advance(by count: Int) {
        headOffset += count
        byteCount -= count
        guard headOffset == pieces[head].count else { return }
        pieces[head] = []
        head += 1
        headOffset = 0
        if head == pieces.count || head > 64 {
            pieces.removeFirst(head)
            head = 0
        }
    }

    mutating func removeAll() { self = ByteQueue() }
}
