package import Columnar
import Execution

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
    package var rowGroupsScanned: Int64 = 0
    package var rowGroupsSkipped: Int64 = 0

    package init() {}

    init(_ run: QueryRun) {
        storeRequests = run.profile.scans.requests
        filesScanned = run.profile.scans.files
        bytesScanned = run.profile.scans.bytes
        rowGroupsSkipped = run.profile.scans.skippedRowGroups
        rowGroupsScanned = run.profile.scans.rowGroups - rowGroupsSkipped
    }
}

/// The rows of an answer in batches, dense.
package struct StatementBatches: AsyncSequence, Sendable {
    package typealias Element = Batch
    package typealias Failure = any Error

    /// Where the rows come from.
    enum Source: Sendable {
        case run(QueryRun)
        case ready(Batch)
    }

    let source: Source
    let ticket: QueryTicket

    package func makeAsyncIterator() -> Iterator { Iterator(source: source, ticket: ticket) }

    package struct Iterator: AsyncIteratorProtocol {
        private var source: Source?
        private let ticket: QueryTicket

        init(source: Source, ticket: QueryTicket) {
            self.source = source
            self.ticket = ticket
        }

        package mutating func next() async throws -> Batch? {
            do {
                guard let batch = try await pull() else {
                    ticket.finish(.succeeded)
                    return nil
                }
                ticket.count(rows: batch.rowCount)
                return batch
            } catch {
                source = nil
                ticket.finish(fault: error)
                throw error
            }
        }

        private mutating func pull() async throws -> Batch? {
            switch source {
            case nil: return nil
            case .run(let run): return try await run.next()
            case .ready(let batch):
                source = nil
                return batch.rowCount > 0 ? batch : nil
            }
        }
    }
}
