import CCodecs

/// Compression of whole buffers: blocks of Avro files, metadata files.
package enum Codec: Sendable {
    /// Without header: Avro's `deflate`.
    case deflate
    case gzip
    case zstd

    var number: firn_codec {
        switch self {
        case .deflate: FIRN_CODEC_DEFLATE
        case .gzip: FIRN_CODEC_GZIP
        case .zstd: FIRN_CODEC_ZSTD
        }
    }

    /// - Errors: `FMT-901` when the library fails, which no input makes it do.
    package func compress(_ bytes: [UInt8], level: Int) throws(FileFormatsError) -> [UInt8] {
        let capacity = firn_codec_bound(number, bytes.count)
        let (output, result) = unsafe run(capacity: capacity) { out in
            // SAFETY: both buffers live through the call and are passed with their own sizes.
            unsafe bytes.withUnsafeBufferPointer { input in
                unsafe firn_codec_compress(
                    number, Int32(level), input.baseAddress, input.count, out.baseAddress, out.count)
            }
        }
        guard result >= 0 else {
            throw FileFormatsError(
                .internalFailure, "a buffer could not be compressed", ["bytes": bytes.count])
        }
        return output
    }

    /// Grows its guess until the bytes fit.
    ///
    /// - Errors: `FMT-201` for damaged bytes, `FMT-103` when the result is larger than `limit`.
    package func decompress(_ bytes: [UInt8], limit: Int) throws(FileFormatsError) -> [UInt8] {
        do {
            return try decompress(bytes, limit: limit) { _ in }
        } catch let error as FileFormatsError {
            throw error
        } catch {
            preconditionFailure("nothing else is thrown")
        }
    }

    /// As the other; `reserve` hears how many bytes the next buffer takes before it is made, and refuses by throwing.
    /// Of several calls the last one counts: no two buffers live at once.
    package func decompress(
        _ bytes: [UInt8], limit: Int, reserve: (Int) throws -> Void
    ) throws -> [UInt8] {
        var capacity = min(limit, firstGuess(bytes))
        while true {
            try reserve(capacity)
            let (output, result) = unsafe run(capacity: capacity) { out in
                // SAFETY: both buffers live through the call and are passed with their own sizes.
                unsafe bytes.withUnsafeBufferPointer { input in
                    unsafe firn_codec_decompress(
                        number, input.baseAddress, input.count, out.baseAddress, out.count)
                }
            }
            if result >= 0 { return output }
            guard result == Int64(FIRN_CODEC_TOO_SMALL) else {
                throw FileFormatsError(.corruptFile, "compressed bytes are damaged", ["codec": "\(self)"])
            }
            if capacity >= limit {
                throw FileFormatsError(.tooLarge, "compressed bytes unfold to too many", ["limit": limit])
            }
            capacity = min(limit, capacity * 4)
        }
    }

    /// What the bytes say of their own unfolded size is believed as a guess: a lie costs one more attempt.
    private func firstGuess(_ bytes: [UInt8]) -> Int {
        let guess = max(1024, bytes.count.multipliedReportingOverflow(by: 4).partialValue)
        // RFC 1952: the last four bytes are the length of what was compressed.
        guard self == .gzip, bytes.count >= 18 else { return guess }
        let stated = bytes.suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
        return stated > bytes.count && stated < bytes.count << 10 ? stated : guess
    }

    private func run(
        capacity: Int, _ body: (UnsafeMutableBufferPointer<UInt8>) -> Int64
    ) -> (bytes: [UInt8], result: Int64) {
        var result: Int64 = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
            result = unsafe body(buffer)
            // SAFETY: the library filled the first `result` bytes.
            count = max(0, Int(result))
        }
        return (bytes, result)
    }
}
