/// Encrypts one piece that comes in blocks of any length.
///
/// Holds back up to a chunk: only at the end is it known which one is the last.
struct PieceEncryptor: Sendable {
    private let cipher: PieceCipher
    private var held: [UInt8] = []
    private var index: Int64 = 0

    init(_ cipher: PieceCipher) { self.cipher = cipher }

    /// The chunks that are known to be followed by more.
    mutating func take(_ plain: [UInt8]) -> [UInt8] {
        let bytes = held.isEmpty ? plain : held + plain
        let chunk = Int(ChunkFormat.plainBytes)
        var stored: [UInt8] = []
        stored.reserveCapacity(bytes.count + 16 * (bytes.count / chunk + 1))
        var start = 0
        while bytes.count - start > chunk {
            stored += cipher.seal(bytes.span.extracting(start..<start + chunk), index: index, isLast: false)
            index += 1
            start += chunk
        }
        held = Array(bytes[start...])
        return stored
    }

    /// The rest, and with it the end.
    mutating func finish(_ plain: [UInt8]) -> [UInt8] {
        let stored = take(plain)
        defer { held = [] }
        return stored + cipher.seal(held.span, index: index, isLast: true)
    }
}
