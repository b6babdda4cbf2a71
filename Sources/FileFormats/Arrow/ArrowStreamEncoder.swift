package import Columnar
import Synchronization

/// Turns batches into the bytes of Arrow's IPC streaming format; no I/O.
///
/// - Threads: any, one call at a time for a meaningful order.
/// - Source: Apache Arrow, "IPC Streaming Format".
package final class ArrowStreamEncoder: Sendable {
    private struct State: ~Copyable {
        var handle: ArrowStreamHandle
    }

    private let state: Mutex<State>

    /// - Errors: `FMT-…` for a type that has no Arrow form.
    package init(schema: Schema) throws(FileFormatsError) {
        state = Mutex(State(handle: try ArrowStreamHandle(schema: schema)))
    }

    /// The schema's message comes with the first call, also without rows.
    package func encode(_ batch: Batch) throws(FileFormatsError) -> [UInt8] {
        let result = state.withLock { state in
            Result { () throws(FileFormatsError) -> [UInt8] in
                try state.handle.write(batch.dense())
                return state.handle.take()
            }
        }
        return try result.get()
    }

    package func finish() throws(FileFormatsError) -> [UInt8] {
        let result = state.withLock { state in
            Result { () throws(FileFormatsError) -> [UInt8] in
                try state.handle.finish()
                return state.handle.take()
            }
        }
        return try result.get()
    }
}
