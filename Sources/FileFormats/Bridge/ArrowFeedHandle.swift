import CArrowData
import CArrowParquet
import Columnar

/// Owns the shim's reader of an Arrow IPC stream from outside.
@safe struct ArrowFeedHandle: ~Copyable {
    // SAFETY: made by `firn_arrow_feed_open`, released once by `deinit`; the struct cannot be copied. It never leaves
    // `batches`, whose bytes and memory outlive it.
    private let native: OpaquePointer
    private let memory: DecodingMemory

    /// How many rows the next batch has, values of all columns, and bytes.
    struct Rows {
        var rowCount: Int
        var cellCount: Int
        var byteCount: Int
    }

    /// Gives every batch to `body`, checked and copied. `look` hears first what it holds, and refuses it by throwing.
    ///
    /// - Errors: `FMT-201` for what is no such stream, `FMT-103` for a batch of more than `cellLimit` values, `COL-102` for
    ///   a type that no column has; what `memory` and the closures throw.
    static func batches(
        of bytes: [UInt8], cellLimit: Int, memory: DecodingMemory, look: (Rows) throws -> Void,
        _ body: (Batch) throws -> Void
    ) throws {
        try unsafe bytes.withUnsafeBufferPointer { buffer in
            let feed = try unsafe ArrowFeedHandle(buffer, memory)
            while let rows = try feed.next(cellLimit: cellLimit) {
                try look(rows)
                try body(try feed.take())
            }
        }
    }

    @unsafe private init(_ bytes: UnsafeBufferPointer<UInt8>, _ memory: DecodingMemory) throws {
        self.memory = memory
        var opened: OpaquePointer?
        // SAFETY: an empty array may have no address; the shim reads none of it then. The context lives in `memory`.
        let empty: UInt8 = 0
        let status = unsafe withUnsafePointer(to: empty) { none in
            unsafe firn_arrow_feed_open(
                bytes.baseAddress ?? none, Int64(bytes.count), decodingMemoryReserve,
                Unmanaged.passUnretained(memory).toOpaque(), &opened)
        }
        try memory.check(status, "the body is no Arrow stream")
        guard let opened = unsafe opened else {
            throw FileFormatsError(.internalFailure, "an Arrow stream was opened and not given")
        }
        unsafe native = unsafe opened
    }

    deinit { unsafe firn_arrow_feed_release(native) }

    private func next(cellLimit: Int) throws -> Rows? {
        var rows = firn_arrow_rows()
        let status = unsafe firn_arrow_feed_next(native, Int64(cellLimit), &rows)
        try memory.check(status, "the body is no Arrow stream")
        guard rows.row_count >= 0 else { return nil }
        return Rows(
            rowCount: Int(rows.row_count), cellCount: Int(rows.cell_count), byteCount: Int(rows.byte_count))
    }

    private func take() throws -> Batch {
        var array = unsafe ArrowArray()
        var schema = unsafe ArrowSchema()
        let status = unsafe firn_arrow_feed_take(native, &array, &schema)
        try memory.check(status, "a batch of the Arrow stream is damaged")
        // SAFETY: the shim has validated the lengths of all buffers; the importer releases both.
        return try unsafe ArrowImport.batch(&array, &schema)
    }
}
