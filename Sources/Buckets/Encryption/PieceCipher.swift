import Signing

/// Encrypts and decrypts the chunks of one piece, each with its place in it.
///
/// The nonce of a chunk is its index and whether it is the last: chunks that were swapped, left out or cut off at the end
/// do not open. Each piece has a key of its own, so a nonce never comes twice.
///
/// - Source: the STREAM construction; Hoang, Reyhanitabar, Rogaway, Vizár, "Online Authenticated-Encryption and its
///   Nonce-Reuse Misuse-Resistance", CRYPTO 2015, section 7.
struct PieceCipher: Sendable {
    private let aead: AESGCM

    init(key: [UInt8]) { aead = AESGCM(key: key) }

    /// index 8, highest byte first | is last 1 | zero 3
    private static func nonce(_ index: Int64, isLast: Bool) -> [UInt8] {
        var nonce = [UInt8](repeating: 0, count: AESGCM.nonceBytes)
        for byte in 0..<8 { nonce[byte] = UInt8(truncatingIfNeeded: index >> Int64(56 - 8 * byte)) }
        nonce[8] = isLast ? 1 : 0
        return nonce
    }

    func seal(_ plain: Span<UInt8>, index: Int64, isLast: Bool) -> [UInt8] {
        aead.seal(plain, nonce: Self.nonce(index, isLast: isLast))
    }

    /// Nil when these are not the bytes of this place.
    func open(_ stored: Span<UInt8>, index: Int64, isLast: Bool) -> [UInt8]? {
        aead.open(stored, nonce: Self.nonce(index, isLast: isLast))
    }
}
