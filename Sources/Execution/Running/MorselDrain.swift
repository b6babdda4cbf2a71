import Columnar
import Scheduling
import Synchronization

/// Takes batches into one thread's part of an operator that keeps rows.
///
/// - Threads: one at a time; the drain gives every running morsel another one.
protocol LocalSink: AnyObject, Sendable {
    func consume(_ batch: Batch) throws -> Demand
}

/// Runs all morsels of a source, several at once, each into a sink of its own.
struct MorselDrain {
    let context: QueryContext

    /// Tasks that fetch and wait; the pool bounds how many compute. Twice the threads, so that reads overlap.
    private func taskCount(_ source: any MorselSource) -> Int {
        source.isSequential ? 1 : context.morsels.threadCount * 2
    }

    /// The sinks that were filled, at least one.
    func run<Sink: LocalSink>(
        _ source: any MorselSource, into makeSink: @escaping @Sendable () throws -> Sink
    ) async throws -> [Sink] {
        try await source.prepare()
        let sinks = SinkShelf(makeSink)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<taskCount(source) {
                group.addTask { [context] in
                    while !sinks.isFinished.load(ordering: .relaxed), let morsel = try await source.next() {
                        try context.check()
                        try await context.compute {
                            let sink = try sinks.take()
                            defer { sinks.put(sink) }
                            try morsel.run { batch in
                                try context.check()
                                let demand = try sink.consume(batch)
                                if demand == .finished { sinks.isFinished.store(true, ordering: .relaxed) }
                                return demand
                            }
                        }
                    }
                }
            }
            do {
                while try await group.next() != nil {}
            } catch {
                sinks.isFinished.store(true, ordering: .relaxed)
                throw error
            }
        }
        return try sinks.all()
    }
}

/// Sinks that no morsel uses just now.
private final class SinkShelf<Sink: LocalSink>: Sendable {
    private let free = Mutex<[Sink]>([])
    private let make: @Sendable () throws -> Sink
    /// No more rows are wanted, or a task failed.
    let isFinished = Atomic<Bool>(false)

    init(_ make: @escaping @Sendable () throws -> Sink) { self.make = make }

    func take() throws -> Sink {
        if let sink = free.withLock({ $0.popLast() }) { return sink }
        return try make()
    }

    func put(_ sink: Sink) { free.withLock { $0.append(sink) } }

    func all() throws -> [Sink] {
        let sinks = free.withLock { $0 }
        return sinks.isEmpty ? [try make()] : sinks
    }
}
