import Columnar
import Plans
import Scheduling
import Synchronization

/// A query of a plan that is computed once, for all places that read its rows.
///
/// Nothing is computed before a reader asks: the first that needs a batch pulls it, and it stays for the others, in memory
/// or on disk. Readers that come to the same place meanwhile wait without holding a thread.
///
/// - Order: that of the query.
/// - Threads: any. Each reader holds it until it has come to the end, and the last one to go frees the rows.
/// - Errors: what the query reports, to every reader that needs the rows behind.
final class SharedQuery: Sendable {
    private struct State {
        var isAtEnd = false
        var failure: (any Error)?
    }
    private let puller: BatchPuller
    private let rows: HeldBatches
    private let context: QueryContext
    private let turnstile = Turnstile()
    private let state = Mutex(State())

    init(_ source: any MorselSource, _ context: QueryContext) throws {
        puller = BatchPuller(source, context)
        rows = try HeldBatches(context, for: "shared rows")
        self.context = context
    }

    /// The rows held so far, among them the batch with this number; nil when the query has fewer.
    func rows(with index: Int) async throws -> HeldBatches? {
        if index < rows.count { return rows }
        await turnstile.enter()
        defer { turnstile.leave() }
        while index >= rows.count {
            let (isAtEnd, failure) = state.withLock { ($0.isAtEnd, $0.failure) }
            if let failure { throw failure }
            if isAtEnd { return nil }
            do {
                try await pull()
            } catch {
                state.withLock { $0.failure = error }
                throw error
            }
        }
        return rows
    }

    private func pull() async throws {
        guard let batch = try await puller.next() else {
            state.withLock { $0.isAtEnd = true }
            return
        }
        if batch.rowCount == 0 { return }
        try await context.compute { [rows] in try rows.append(batch.dense()) }
    }
}

/// One reader of a shared query: all its rows from the first on, under the reader's own names.
final class SharedSource: MorselSource {
    private struct State {
        var query: SharedQuery?
        var next = 0
    }
    private let schema: Schema
    private let state: Mutex<State>

    init(_ query: SharedQuery, _ schema: Schema) {
        self.schema = schema
        state = Mutex(State(query: query))
    }

    var isSequential: Bool { false }

    func prepare() async throws {}

    func next() async throws -> Morsel? {
        let (query, index) = state.withLock { state in
            defer { state.next += 1 }
            return (state.query, state.next)
        }
        guard let query, let rows = try await query.rows(with: index) else {
            state.withLock { $0.query = nil }
            return nil
        }
        return Morsel { [schema] emit in
            let batch = try rows.batch(index)
            _ = try emit(Batch(schema: schema, columns: batch.columns, rowCount: batch.rowCount))
        }
    }
}
