package import Effects
import Octets

#if canImport(Glibc)
    import Glibc
#endif

/// The node's own secret: 32 random bytes beside the data, from which every other key is derived.
///
/// A copy of the data directory without this file gives no secret away.
package struct KeyFile: Sendable {
    private let sealingKey: [UInt8]
    private let bearerKey: [UInt8]
    private let derivingKey: [UInt8]
    /// In front of each sealed text, so that a later format can be told apart.
    private static let sealVersion: UInt8 = 1

    /// For tests, and for keys that come from elsewhere.
    package init(key: [UInt8]) {
        precondition(key.count == 32, "a key has 32 bytes")
        sealingKey = HMAC.sha256(key: key, "firn seal 1")
        bearerKey = HMAC.sha256(key: key, "firn bearer 1")
        derivingKey = HMAC.sha256(key: key, "firn derive 1")
        fingerprint = Hex.encode(HMAC.sha256(key: key, "firn fingerprint 1").prefix(16))
    }

    /// Loads the key, or creates it once with mode 0600; a power cut leaves either no file or a whole one.
    ///
    /// - Threads: blocks; call it on an I/O thread.
    /// - Errors: `SIG-201` for a file of another size or one that others may read, `SIG-301` when the disk refuses.
    package static func loadOrCreate(
        path: String, randomness: any Randomness
    ) throws(SigningError) -> KeyFile {
        if let key = try load(path: path) { return KeyFile(key: key) }
        let temporary = path + ".new"
        try write(randomness.bytes(32), to: temporary)
        try publish(temporary, as: path)
        guard let key = try load(path: path) else { throw failure("the key file vanished", path, ENOENT) }
        return KeyFile(key: key)
    }

    /// 32 bytes that nobody without the file can tell, others for each purpose.
    package func key(for purpose: StaticString) -> [UInt8] {
        HMAC.sha256(key: derivingKey, "\(purpose)")
    }

    /// Tells this key from others and gives nothing of it away.
    package let fingerprint: String

    /// A keyed hash: a stolen database gives no bearer, and guesses cannot be checked without the key file.
    package func bearerHash(_ value: String) -> [UInt8] { HMAC.sha256(key: bearerKey, value) }

    /// Seals `clear` under the key; `context` (say, a token's id) must be given again to open it.
    package func seal(_ clear: [UInt8], context: String, randomness: any Randomness) -> [UInt8] {
        let nonce = randomness.bytes(12)
        let sealed = OpenSSL.seal(key: sealingKey, nonce: nonce, extra: Array(context.utf8), clear.span)
        return [Self.sealVersion] + nonce + sealed
    }

    /// - Errors: `SIG-202`.
    package func open(_ sealed: [UInt8], context: String) throws(SigningError) -> [UInt8] {
        guard sealed.count >= 29, sealed[0] == Self.sealVersion else {
            throw SigningError(.sealBroken, "not a sealed secret of this version", ["bytes": sealed.count])
        }
        let nonce = Array(sealed[1..<13])
        let text = Array(sealed[13...])
        guard let clear = OpenSSL.open(key: sealingKey, nonce: nonce, extra: Array(context.utf8), text.span)
        else {
            throw SigningError(
                .sealBroken, "a sealed secret does not open", ["context": context],
                hint: "it was sealed under another key file, or changed")
        }
        return clear
    }
}
