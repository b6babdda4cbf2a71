package import Effects
import Faults
import Scheduling
import Synchronization
package import Telemetry

/// Knows the statements that run, and the last ones that ran; cancels them.
///
/// - Threads: any.
package final class QueryRegistry: Sendable {
    package struct Limits: Sendable {
        /// Statements at once; more are refused.
        package var running = 256
        /// Finished statements remembered.
        package var history = 1_000
        /// Of a statement's text, that much is kept.
        package var sqlCharacters = 4_096

        package init() {}
    }

    private struct State {
        var running: [String: (record: QueryRecord, token: CancellationToken, start: Int64)] = [:]
        /// Oldest first.
        var finished: [QueryRecord] = []
    }

    private let state = Mutex(State())
    private let limits: Limits
    private let clock: any Clock
    private let randomness: any Randomness
    private let durations: Histogram
    private let runningGauge: Gauge
    private let failures: Counter

    package init(
        limits: Limits = Limits(), clock: any Clock, randomness: any Randomness,
        metrics: MetricsRegistry = MetricsRegistry()
    ) {
        self.limits = limits
        self.clock = clock
        self.randomness = randomness
        durations = metrics.histogram(
            "firn_query_seconds", help: "Time from a statement's start to its last row")
        runningGauge = metrics.gauge("firn_queries_running", help: "Statements that run")
        failures = metrics.counter("firn_query_failures_total", help: "Statements that ended with a fault")
    }

    /// - Errors: `SES-103`.
    func begin(_ request: StatementRequest) throws(SessionsError) -> QueryTicket {
        let id = UniqueID.timeOrdered(at: clock.now, from: randomness).description
        let record = QueryRecord(
            id: id, sql: String(request.sql.prefix(limits.sqlCharacters)), warehouse: request.warehouse,
            startedAt: clock.now)
        let start = clock.monotonicNanoseconds
        let isAccepted = state.withLock { state in
            guard state.running.count < limits.running else { return false }
            state.running[id] = (record, request.cancellation, start)
            return true
        }
        guard isAccepted else {
            throw SessionsError(
                .tooManyQueries, "too many statements run at once", ["limit": limits.running],
                hint: "try again later")
        }
        runningGauge.add(1)
        return QueryTicket(id: id, cancellation: request.cancellation, registry: self)
    }

    func end(_ id: String, _ outcome: QueryRecord.State, rowCount: Int64, fault: String?) {
        let now = clock.monotonicNanoseconds
        let nanoseconds = state.withLock { state -> Int64? in
            guard let entry = state.running.removeValue(forKey: id) else { return nil }
            var record = entry.record
            record.state = outcome
            record.nanoseconds = now - entry.start
            record.rowCount = rowCount
            record.fault = fault
            state.finished.append(record)
            if state.finished.count > limits.history { state.finished.removeFirst() }
            return record.nanoseconds
        }
        guard let nanoseconds else { return }
        runningGauge.add(-1)
        durations.record(nanoseconds: nanoseconds)
        if outcome == .failed { failures.add() }
    }

    /// Running ones first, then the finished, newest first.
    package func list(limit: Int = 100) -> [QueryRecord] {
        state.withLock { state in
            let running = state.running.values.map(\.record).sorted { $0.id > $1.id }
            return Array((running + state.finished.reversed()).prefix(limit))
        }
    }

    /// - Errors: `SES-102`.
    package func query(_ id: String) throws(SessionsError) -> QueryRecord {
        let found = state.withLock { state in
            state.running[id]?.record ?? state.finished.last { $0.id == id }
        }
        guard let found else { throw unknown(id) }
        return found
    }

    /// A query that has ended stays as it is.
    ///
    /// - Errors: `SES-102`.
    package func cancel(_ id: String) throws(SessionsError) {
        let (token, isKnown) = state.withLock { state in
            (state.running[id]?.token, state.running[id] != nil || state.finished.contains { $0.id == id })
        }
        guard isKnown else { throw unknown(id) }
        token?.cancel()
    }

    private func unknown(_ id: String) -> SessionsError {
        SessionsError(.unknownQuery, "no such query runs or is remembered", ["query": id])
    }
}
