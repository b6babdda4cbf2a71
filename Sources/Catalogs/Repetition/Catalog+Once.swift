import Effects
import JSONText
import Metastore
import Telemetry

/// What became of a request that may have come before.
package enum Repetition<Result: Sendable>: Sendable {
    case done(Result)
    /// It was done before, and this was the answer.
    case repeated(RecordedAnswer)
}

extension Catalog {
    /// Runs `body` unless the same request was answered before.
    ///
    /// The changes that `body` makes keep their answer in the same transaction. An error that `refusal` finds to be
    /// final is kept too; others leave the request open, to be tried again. Of equal requests at the same time one runs
    /// and the others wait for it.
    ///
    /// - Errors: `CAT-208` when the key was used for another request; `CAT-302`; what `body` throws.
    package func once<Result: Sendable>(
        _ request: RepeatableRequest, refusal: (any Error) -> RecordedAnswer?,
        _ body: () async throws -> Result
    ) async throws -> Repetition<Result> {
        let line = "request \(request.principal) \(request.key)"
        return try await queue.holding([line]) {
            let now = clock.now.microseconds
            if let known = try await metastore.read({ try AnswerRow.find(request, at: now, $0) }) {
                guard known.isAnswer(to: request) else {
                    throw CatalogError(
                        .keyReused, "the idempotency key belongs to another request", ["key": request.key],
                        hint: "make a new key for each operation")
                }
                meters.repetitions.add()
                return .repeated(known.answer)
            }
            do {
                return .done(try await RepeatableRequest.$current.withValue(request) { try await body() })
            } catch {
                if let answer = refusal(error) { await keep(answer, to: request) }
                throw error
            }
        }
    }

    /// Keeps the answer to the current request, when it is one that may come again and changes nothing on disk.
    func keep(_ answer: RecordedAnswer) async {
        if let request = RepeatableRequest.current { await keep(answer, to: request) }
    }

    /// Nothing on disk has changed, so losing the answer only means that the request is looked at again.
    private func keep(_ answer: RecordedAnswer, to request: RepeatableRequest) async {
        let expiry = answerExpiry
        do {
            try await metastore.write {
                try AnswerRow.insert(answer, to: request, expiresAt: expiry, $0)
            }
        } catch {
            log.warning(
                "the answer to a request could not be kept",
                ["key": .string(request.key), "reason": .string("\(error)")])
        }
    }

    /// Makes a change and keeps its answer in the same transaction, when the request is one that may come again.
    func change<Result: Sendable>(
        answer: @escaping @Sendable (Result) -> RecordedAnswer,
        _ body: @escaping @Sendable (Transaction) throws -> Result
    ) async throws -> Result {
        let (request, expiry) = (RepeatableRequest.current, answerExpiry)
        let result = try await metastore.write { transaction in
            let result = try body(transaction)
            if let request {
                try AnswerRow.insert(answer(result), to: request, expiresAt: expiry, transaction)
            }
            FaultPoints.pass(.catalogChangeMade)
            return result
        }
        FaultPoints.pass(.catalogChangeDurable)
        return result
    }

    /// Kept a while longer than promised, for clocks that differ.
    var answerExpiry: Int64 {
        clock.now.microseconds + (limits.answerLifetimeSeconds + limits.answerLifetimeSeconds / 10)
            * 1_000_000
    }

    private static var answersDeletedAtOnce: Int { 1000 }

    func deleteExpiredAnswers() async throws {
        let now = clock.now.microseconds
        while !Task.isCancelled {
            let count = try await metastore.write {
                try AnswerRow.deleteExpired(at: now, limit: Self.answersDeletedAtOnce, $0)
            }
            if count < Self.answersDeletedAtOnce { return }
        }
    }
}
