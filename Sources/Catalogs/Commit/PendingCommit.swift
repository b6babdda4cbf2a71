import Metastore
import Synchronization

/// A commit on its way, with whatever goes into the same transaction.
final class PendingCommit: Sendable {
    let commit: TableCommit
    let alongside: (@Sendable (Transaction) throws -> Void)?
    /// The request it is made for; whoever lands it keeps the answer for that one, not for its own.
    let request: RepeatableRequest?
    private let result = Mutex<Result<LoadedTable, any Error>?>(nil)

    init(_ commit: TableCommit, alongside: (@Sendable (Transaction) throws -> Void)?) {
        self.commit = commit
        self.alongside = alongside
        request = RepeatableRequest.current
    }

    /// Nil while nobody has landed or refused it.
    var outcome: Result<LoadedTable, any Error>? { result.withLock { $0 } }

    func finish(_ outcome: Result<LoadedTable, any Error>) {
        result.withLock { current in
            precondition(current == nil, "a commit ended twice")
            current = outcome
        }
    }

    /// Its part of the transaction that moves the pointer to `location`.
    func write(movedTo location: String, expiringAt expiry: Int64, _ transaction: Transaction) throws {
        try alongside?(transaction)
        if let request {
            let answer = RecordedAnswer.table(commit.identifier, metadataLocation: location)
            try AnswerRow.insert(answer, to: request, expiresAt: expiry, transaction)
        }
    }
}

/// Commits that wait for their table, by the key of the commit queue.
final class PendingCommits: Sendable {
    private let waiting = Mutex<[String: [PendingCommit]]>([:])
    private let limit: Int

    init(limit: Int = 1024) { self.limit = limit }

    /// - Errors: `CAT-302` when too many wait already.
    func add(_ pending: PendingCommit, to key: String) throws(CatalogError) {
        let count = waiting.withLock { waiting in
            let count = waiting[key]?.count ?? 0
            if count < limit { waiting[key, default: []].append(pending) }
            return count
        }
        guard count < limit else {
            throw CatalogError(
                .commitContended, "too many commits wait for the table", ["waiting": count],
                hint: "retry after a pause")
        }
    }

    /// The first ones, in the order they came.
    func take(_ count: Int, of key: String) -> [PendingCommit] {
        waiting.withLock { waiting in
            guard let all = waiting[key] else { return [] }
            let rest = all.dropFirst(count)
            waiting[key] = rest.isEmpty ? nil : Array(rest)
            return Array(all.prefix(count))
        }
    }
}
