import Columnar
import Scheduling
import Synchronization

/// One partition on its way to disk.
///
/// - Threads: one at a time.
final class WindowSpill: Sendable {
    private let work: WindowWork
    private let file: SpillFile
    private let context: QueryContext
    private let writer: Mutex<WindowChunkWriter>
    private let partition = Mutex<WindowChunks?>(nil)

    init(_ work: WindowWork, _ context: QueryContext) throws {
        self.work = work
        self.context = context
        file = try context.makeSpillFile()
        writer = Mutex(WindowChunkWriter(work, file, context))
    }

    func append(_ batches: [Batch]) throws {
        try writer.withLock { writer in
            for batch in batches { try writer.append(batch) }
        }
    }

    /// The partition, its chunks summed up where a function asks for it.
    func finish() async throws -> WindowChunks {
        let written = try await context.compute { [self] in
            try writer.withLock { writer in
                try writer.finish()
                return try WindowChunks(writer, work, file, context)
            }
        }
        guard written.needsSums else { return written }
        partition.withLock { $0 = written }
        for chunk in 0..<written.count {
            try await context.compute { [self] in
                try partition.withLock { try $0?.sumUp(chunk) }
            }
        }
        return try partition.withLock { partition in
            try partition?.seal()
            defer { partition = nil }
            return partition ?? written
        }
    }
}
