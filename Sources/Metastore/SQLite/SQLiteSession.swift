import Effects
import Faults
import Foundation

/// A connection to the database file in the data directory: the only writer's, or a reader's.
///
// SAFETY: the Metastore hands a session to one thread at a time.
final class SQLiteSession: DatabaseSession, @unchecked Sendable {
    private let connection: SQLiteConnection
    private let isWriter: Bool
    /// Set when nobody knows whether a commit is on disk. A restart, which replays the log, tells; or a log that can be
    /// emptied after all, as when a full disk has room again: then the commit is not there.
    private var isPoisoned = false
    private var fence: Fence?

    init(path: String, isWriter: Bool) throws(MetastoreError) {
        if isWriter { try Self.createPrivateFile(path) }
        connection = try SQLiteConnection(path: path, readOnly: !isWriter)
        self.isWriter = isWriter
    }

    func execute(_ sql: String, _ parameters: [SQLValue]) throws(MetastoreError) -> Int {
        try connection.execute(sql, parameters)
    }

    func query(_ sql: String, _ parameters: [SQLValue]) throws(MetastoreError) -> [Row] {
        try connection.query(sql, parameters)
    }

    func begin() throws(MetastoreError) {
        if isPoisoned {
            guard logCanBeEmptied() else { throw Self.closedToChanges }
            isPoisoned = false
        }
        try run(isWriter ? Dialect.sqlite.beginWrite : Dialect.sqlite.beginRead)
        guard let fence else { return }
        do {
            try fence.require(
                query("SELECT epoch FROM nodes WHERE id = ?", [.text(fence.node)]).first?.integer("epoch"))
        } catch {
            try rollback()
            throw error
        }
    }

    /// A COMMIT that fails may have left its last frame in the log: not visible now, but a restart would find it. Where
    /// the log can be emptied the frame is gone and the failure is certain; where not, nobody may write any more.
    func commit() throws(MetastoreError) {
        do {
            try run(Dialect.sqlite.commit)
        } catch  where isWriter && error.code != .constraint {
            guard logCanBeEmptied() else {
                isPoisoned = true
                throw Self.poisoned(cause: error)
            }
            throw error
        }
    }

    func rollback() throws(MetastoreError) { try run(Dialect.sqlite.rollback) }
    var isInTransaction: Bool { connection.isInTransaction }

    func beginPart() throws(MetastoreError) { try run(Dialect.sqlite.beginPart) }
    func undoPart() throws(MetastoreError) {
        try run(Dialect.sqlite.undoPart)
        try run(Dialect.sqlite.endPart)
    }
    func endPart() throws(MetastoreError) { try run(Dialect.sqlite.endPart) }

    func databaseTime() -> Instant { LiveClock().now }
    /// The data directory's lock keeps others out.
    var isShared: Bool { false }
    var writerName: String { "sqlite" }
    func endWriter(_ name: String) {}
    func setFence(_ fence: Fence) { self.fence = fence }

    func close() throws(MetastoreError) {
        if isWriter { _ = try connection.query(Dialect.emptySQLiteLog, []) }
    }

    /// What was in the database before a migration, as a database of its own.
    func copy(to path: String) throws(MetastoreError) {
        _ = try connection.query(Dialect.copySQLiteDatabase, [.text(path)])
    }

    private func run(_ sql: String) throws(MetastoreError) { _ = try connection.execute(sql, []) }

    private func logCanBeEmptied() -> Bool {
        do {
            if isInTransaction { try rollback() }
            return try connection.query(Dialect.emptySQLiteLog, []).first?.integer("busy") == 0
        } catch {
            // The fault that led here is the one to report.
            return false
        }
    }

    private static let closedHint = "look at the disk: when it can be written, changes are taken again"

    private static func poisoned(cause: any Error) -> MetastoreError {
        MetastoreError(
            .outcomeUnknown, "a commit failed half-way and the metastore takes no changes for now",
            hint: closedHint, cause: cause)
    }

    /// Of a change that came later, and surely has not happened.
    private static var closedToChanges: MetastoreError {
        MetastoreError(
            .unavailable, "the metastore takes no changes since a commit failed half-way", hint: closedHint)
    }

    /// The database holds sealed secrets, so it is born readable by its owner only.
    private static func createPrivateFile(_ path: String) throws(MetastoreError) {
        let descriptor = unsafe Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw MetastoreError(
                .unavailable, "the metastore's file cannot be opened",
                [serverFile: path, "reason": unsafe String(cString: strerror(errno))])
        }
        Glibc.close(descriptor)
    }
}
