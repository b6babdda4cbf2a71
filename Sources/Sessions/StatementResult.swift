package import Columnar

/// An answer on its way: its columns are known, its rows come as they are made.
package struct StatementResult: Sendable {
    package let queryID: String
    package let schema: Schema
    /// To be read once. Dropping it cancels the query.
    package let batches: StatementBatches
    /// As far as the query has come; final when `batches` has ended.
    package let metrics: @Sendable () -> QueryMetrics
}

/// What a query cost.
package struct QueryMetrics: Sendable, Hashable {
    /// Requests to the object store.
    package var storeRequests: Int64 = 0
    package var filesScanned: Int64 = 0
    package var bytesScanned: Int64 = 0
    package var cacheHits: Int64 = 0
    package var rowsScanned: Int64 = 0

    package init() {}
}

/// The rows of an answer in batches.
package struct StatementBatches: AsyncSequence, Sendable {
    package typealias Element = Batch
    package typealias Failure = any Error

    let source: AsyncThrowingStream<Batch, any Error>
    let ticket: QueryTicket

    package func makeAsyncIterator() -> Iterator {
        Iterator(source: source.makeAsyncIterator(), ticket: ticket)
    }

    package struct Iterator: AsyncIteratorProtocol {
        var source: AsyncThrowingStream<Batch, any Error>.Iterator
        let ticket: QueryTicket

        package mutating func next(isolation actor: isolated (any Actor)?) async throws -> Batch? {
            do {
                guard let batch = try await source.next(isolation: actor) else {
                    ticket.finish(.succeeded)
                    return nil
                }
                ticket.count(rows: batch.rowCount)
                return batch
            } catch {
                ticket.finish(fault: error)
                throw error
            }
        }
    }
}
