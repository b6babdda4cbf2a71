import COpenSSL

/// The only callers of libcrypto. Every call passes pointers with the counts of live arrays or spans.
enum OpenSSL {
    static func hash(_ kind: DigestKind, _ bytes: Span<UInt8>) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: kind.byteCount) { result, count in
            // SAFETY: `result` holds `byteCount` bytes, the length of this digest; the input is a live span.
            let done = unsafe bytes.withUnsafeBufferPointer { input in
                unsafe firn_digest_once(kind.rawValue, input.baseAddress, input.count, result.baseAddress)
            }
            precondition(done == 1, "libcrypto could not hash")
            count = kind.byteCount
        }
    }

    static func hmacSHA256(key: [UInt8], _ bytes: [UInt8]) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: 32) { result, count in
            // SAFETY: `result` holds the 32 bytes of SHA-256; key and input are live arrays with their own counts.
            let done = unsafe firn_hmac_sha256(key, key.count, bytes, bytes.count, result.baseAddress)
            precondition(done == 1, "libcrypto could not compute an HMAC")
            count = 32
        }
    }

    /// The sealed text followed by its 16-byte tag.
    static func seal(key: [UInt8], nonce: [UInt8], extra: [UInt8], _ clear: Span<UInt8>) -> [UInt8] {
        precondition(key.count == 32 && nonce.count == 12)
        return unsafe [UInt8](unsafeUninitializedCapacity: clear.count + 16) { result, count in
            // SAFETY: GCM writes as many bytes as it reads, and `result` holds those and the 16 of the tag behind them.
            let done = unsafe clear.withUnsafeBufferPointer { input in
                unsafe firn_gcm_seal(
                    key, nonce, extra, extra.count, input.baseAddress, input.count, result.baseAddress,
                    result.baseAddress.map { unsafe $0 + input.count })
            }
            precondition(done == 1, "libcrypto could not seal")
            count = clear.count + 16
        }
    }

    /// Nil when key, nonce, extra text or the sealed bytes are not those of the seal.
    static func open(key: [UInt8], nonce: [UInt8], extra: [UInt8], _ sealed: Span<UInt8>) -> [UInt8]? {
        precondition(key.count == 32 && nonce.count == 12)
        guard sealed.count >= 16 else { return nil }
        let length = sealed.count - 16
        var isGenuine = false
        let clear = unsafe [UInt8](unsafeUninitializedCapacity: length) { result, count in
            // SAFETY: GCM writes as many bytes as it reads, and `result` holds `length`; the 16 of the tag lie behind them.
            isGenuine = unsafe sealed.withUnsafeBufferPointer { input in
                unsafe firn_gcm_open(
                    key, nonce, extra, extra.count, input.baseAddress, length,
                    input.baseAddress.map { unsafe $0 + length }, result.baseAddress) == 1
            }
            count = isGenuine ? length : 0
        }
        return isGenuine ? clear : nil
    }

    static func equalInConstantTime(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        // SAFETY: both arrays have the count that is passed.
        unsafe left.count == right.count && firn_equal_constant_time(left, right, left.count) == 1
    }
}

/// Computes a digest over bytes that come in pieces.
@safe
package final class DigestStream {
    private let kind: DigestKind
    // SAFETY: owned by this object alone, freed once in `deinit`; only its methods touch it.
    private let handle: OpaquePointer
    private var isFinished = false

    package init(_ kind: DigestKind) {
        self.kind = kind
        guard let handle = unsafe firn_digest_new(kind.rawValue) else {
            fatalError("out of memory for a digest")
        }
        unsafe self.handle = handle
    }

    deinit { unsafe firn_digest_free(handle) }

    package func update(_ bytes: Span<UInt8>) {
        precondition(!isFinished, "a finished digest takes no more bytes")
        // SAFETY: the span is live for the call; the handle is valid until `deinit`.
        let done = unsafe bytes.withUnsafeBufferPointer { input in
            unsafe firn_digest_update(handle, input.baseAddress, input.count)
        }
        precondition(done == 1, "libcrypto could not hash")
    }

    package func update(_ bytes: [UInt8]) { update(bytes.span) }

    /// May be called once.
    package func finish() -> [UInt8] {
        precondition(!isFinished, "a digest finishes once")
        isFinished = true
        return unsafe [UInt8](unsafeUninitializedCapacity: kind.byteCount) { result, count in
            // SAFETY: `result` holds `byteCount` bytes, the length of this digest.
            let done = unsafe firn_digest_finish(handle, result.baseAddress)
            precondition(done == 1, "libcrypto could not hash")
            count = kind.byteCount
        }
    }
}

/// Compares the OpenSSL that answers with the headers this was built with.
package enum OpenSSLVersion {
    /// False when another library's OpenSSL shadows ours (see the link order in Package.swift): calls would then crash
    /// or compute with foreign structures. Only major and minor version count; patch levels are compatible.
    package static var isHeaders: Bool {
        let mask: UInt = 0xFFF0_0000
        return firn_openssl_runtime_version() & mask == firn_openssl_header_version() & mask
    }
}
