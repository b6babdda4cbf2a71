import CArrowData
import CArrowParquet
import Columnar

/// Owns the shim's writer of one stream.
@safe struct ArrowStreamHandle: ~Copyable {
    // SAFETY: made by `firn_arrow_stream_open`, released once by `deinit`; the struct cannot be copied.
    private let native: OpaquePointer

    init(schema: Schema) throws(FileFormatsError) {
        var exported = unsafe ArrowExport.schema(schema)
        var opened: OpaquePointer?
        // SAFETY: the callee takes the schema, whether it succeeds or not.
        let status = unsafe firn_arrow_stream_open(&exported, &opened)
        try ArrowStatus.check(status, "an Arrow stream cannot be begun")
        guard let opened = unsafe opened else {
            throw FileFormatsError(.internalFailure, "an Arrow stream was made and not given")
        }
        unsafe native = unsafe opened
    }

    deinit { unsafe firn_arrow_stream_release(native) }

    mutating func write(_ batch: Batch) throws(FileFormatsError) {
        // SAFETY: the callee takes the array, whether it succeeds or not.
        var array = unsafe ArrowExport.array(batch)
        let status = unsafe firn_arrow_stream_write(native, &array)
        try ArrowStatus.check(status, "rows cannot be written as an Arrow stream")
    }

    mutating func finish() throws(FileFormatsError) {
        try ArrowStatus.check(unsafe firn_arrow_stream_finish(native), "an Arrow stream cannot be finished")
    }

    /// The stream's bytes since the last call.
    mutating func take() -> [UInt8] {
        var bytes: UnsafePointer<UInt8>?
        var length: Int64 = 0
        // SAFETY: the bytes are valid until the stream's next call, and are copied here.
        unsafe firn_arrow_stream_take(native, &bytes, &length)
        return unsafe Array(UnsafeBufferPointer(start: bytes, count: Int(length)))
    }
}
