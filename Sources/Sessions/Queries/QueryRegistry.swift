package import Effects
import Faults
import JSONText
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
        /// Of a plan's profile, that much is kept.
        package var profileCharacters = 16_384
        /// Statements that take longer are logged with their plan; nil for none.
        package var slowNanoseconds: Int64? = 10_000_000_000

        package init() {}
    }

    private struct Running {
        var record: QueryRecord
        var token: CancellationToken
        var start: Int64
        var rows: RowCount
        var profile: (@Sendable () -> String)?

        /// As far as it has come.
        func record(at now: Int64) -> QueryRecord {
            var record = record
            record.nanoseconds = now - start
            record.rowCount = rows.value
            return record
        }
    }

    private struct State {
        var running: [String: Running] = [:]
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
    private let slow: Counter
    private let log: Log

    package init(
        limits: Limits = Limits(), clock: any Clock, randomness: any Randomness,
        metrics: MetricsRegistry = MetricsRegistry(), log: Log = .silent
    ) {
        self.log = log
        self.limits = limits
        self.clock = clock
        self.randomness = randomness
        durations = metrics.histogram(
            "firn_query_seconds", help: "Time from a statement's start to its last row")
        runningGauge = metrics.gauge("firn_queries_running", help: "Statements that run")
        slow = metrics.counter(
            "firn_query_slow_total", help: "Statements that took longer than slow_query_ms")
        failures = metrics.counter("firn_query_failures_total", help: "Statements that ended with a fault")
    }

    /// - Errors: `SES-103`.
    func begin(_ request: StatementRequest) throws(SessionsError) -> QueryTicket {
        let id = UniqueID.timeOrdered(at: clock.now, from: randomness).description
        let record = QueryRecord(
            id: id, sql: String(request.sql.prefix(limits.sqlCharacters)), warehouse: request.warehouse,
            owner: request.owner, startedAt: clock.now)
        let rows = RowCount()
        let start = clock.monotonicNanoseconds
        let isAccepted = state.withLock { state in
            guard state.running.count < limits.running else { return false }
            state.running[id] = Running(
                record: record, token: request.cancellation, start: start, rows: rows)
            return true
        }
        guard isAccepted else {
            throw SessionsError(
                .tooManyQueries, "too many statements run at once", ["limit": limits.running],
                hint: "try again later")
        }
        runningGauge.add(1)
        return QueryTicket(id: id, rows: rows, cancellation: request.cancellation, registry: self)
    }

    func show(_ id: String, profile: @escaping @Sendable () -> String) {
        state.withLock { $0.running[id]?.profile = profile }
    }

    func end(_ id: String, _ outcome: QueryRecord.State, rowCount: Int64, fault: String?) {
        let now = clock.monotonicNanoseconds
        guard let entry = state.withLock({ $0.running[id] }) else { return }
        var record = entry.record
        record.state = outcome
        record.nanoseconds = now - entry.start
        record.rowCount = rowCount
        record.fault = fault
        // Outside the lock: it asks the operators.
        record.profile = entry.profile.map { String($0().prefix(limits.profileCharacters)) }
        let ended = record
        let isFirst = state.withLock { state in
            guard state.running.removeValue(forKey: id) != nil else { return false }
            state.finished.append(ended)
            if state.finished.count > limits.history { state.finished.removeFirst() }
            return true
        }
        guard isFirst else { return }
        runningGauge.add(-1)
        durations.record(nanoseconds: ended.nanoseconds)
        if outcome == .failed { failures.add() }
        if let limit = limits.slowNanoseconds, ended.nanoseconds >= limit { logSlow(ended) }
    }

    private func logSlow(_ record: QueryRecord) {
        slow.add()
        log.warning(
            "a statement was slow",
            [
                "query": .string(record.id), "warehouse": .string(record.warehouse),
                "milliseconds": .integer(record.nanoseconds / 1_000_000),
                "state": .string(record.state.rawValue),
                "rows": .integer(record.rowCount), "sql": .string(record.sql),
                "plan": .string(record.profile ?? ""),
            ])
    }

    /// Running ones first, then the finished, newest first.
    ///
    /// With an owner only that one's, with a state only those in it.
    package func list(
        limit: Int = 100, ownedBy owner: String? = nil, in wanted: QueryRecord.State? = nil
    ) -> [QueryRecord] {
        let now = clock.monotonicNanoseconds
        return state.withLock { state in
            let running = state.running.values.map { $0.record(at: now) }.sorted { $0.id > $1.id }
            let all = (running + state.finished.reversed()).lazy.filter { record in
                (owner == nil || record.owner == owner) && (wanted == nil || record.state == wanted)
            }
            return Array(all.prefix(limit))
        }
    }

    /// With an owner, others' are unknown.
    ///
    /// - Errors: `SES-102`.
    package func query(_ id: String, ownedBy owner: String? = nil) throws(SessionsError) -> QueryRecord {
        let (running, finished) = state.withLock { state in
            (state.running[id], state.finished.last { $0.id == id })
        }
        guard var found = running?.record(at: clock.monotonicNanoseconds) ?? finished,
            owner == nil || found.owner == owner
        else { throw unknown(id) }
        if let profile = running?.profile {
            found.profile = String(profile().prefix(limits.profileCharacters))
        }
        return found
    }

    /// A query that has ended stays as it is. With an owner, others' are unknown.
    ///
    /// - Errors: `SES-102`.
    package func cancel(_ id: String, ownedBy owner: String? = nil) throws(SessionsError) {
        let (running, finished) = state.withLock { state in
            (state.running[id], state.finished.last { $0.id == id })
        }
        guard let record = running?.record ?? finished, owner == nil || record.owner == owner else {
            throw unknown(id)
        }
        running?.token.cancel()
    }

    private func unknown(_ id: String) -> SessionsError {
        SessionsError(.unknownQuery, "no such query runs or is remembered", ["query": id])
    }
}
