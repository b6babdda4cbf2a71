import CCodecs

/// Decompresses a stream piece by piece, in bounded memory.
///
/// Gzip members (RFC 1952 section 2.2) and zstd frames (RFC 8878 section 3) that follow one another are one stream.
@safe package final class Unfolder {
    private let handle: OpaquePointer
    private let codec: Codec

    /// Nil when the bytes begin neither a gzip member nor a zstd frame. No text in UTF-8 begins like either.
    package static func codec(startOf bytes: some Collection<UInt8>) -> Codec? {
        if bytes.starts(with: [0x1F, 0x8B]) { return .gzip }
        if bytes.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) { return .zstd }
        return nil
    }

    /// - Errors: `FMT-901` without memory.
    package init(_ codec: Codec) throws(FileFormatsError) {
        precondition(codec != .deflate, "raw deflate has no frames")
        guard let handle = unsafe firn_unfolder_new(codec.number) else {
            throw FileFormatsError(
                .internalFailure, "a decompressor could not be made", ["codec": "\(codec)"])
        }
        unsafe self.handle = handle
        self.codec = codec
    }

    deinit { unsafe firn_unfolder_free(handle) }

    /// Whether what was read so far is whole.
    package var isWhole: Bool { unsafe firn_unfolder_is_whole(handle) != 0 }

    /// Up to `limit` bytes of output. Fewer than `limit` mean that all of `input` is consumed and more of it is wanted.
    ///
    /// - Errors: `FMT-201` for damaged bytes.
    package func run(
        _ input: ArraySlice<UInt8>, limit: Int
    ) throws(FileFormatsError) -> (output: [UInt8], consumed: Int) {
        var consumed = 0
        var result: Int64 = 0
        let output = unsafe [UInt8](unsafeUninitializedCapacity: limit) { out, count in
            // SAFETY: both buffers live through the call and are passed with their own sizes; the library filled the
            // first `result` bytes.
            unsafe input.withUnsafeBufferPointer { bytes in
                result = unsafe firn_unfolder_run(
                    handle, bytes.baseAddress, bytes.count, &consumed, out.baseAddress, out.count)
            }
            count = max(0, Int(result))
        }
        guard result >= 0 else {
            throw FileFormatsError(.corruptFile, "compressed bytes are damaged", ["codec": "\(codec)"])
        }
        return (output, consumed)
    }
}
