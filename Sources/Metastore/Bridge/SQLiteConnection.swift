import CSQLite
import Faults

/// One connection to the database file, with its prepared statements.
///
/// - Threads: one at a time. The writer's belongs to the writer thread, a reader's is lent to one job at a time.
// SAFETY: `Metastore` never hands a connection to two threads at once, so nothing here is reached concurrently.
@safe final class SQLiteConnection: @unchecked Sendable {
    /// More distinct statements than Firn has; a bound all the same.
    private static let statementLimit = 256

    private let handle: OpaquePointer
    private var statements: [String: SQLiteStatement] = [:]

    init(path: String, readOnly: Bool) throws(MetastoreError) {
        var opened: OpaquePointer?
        let access = readOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
        // SAFETY: the path is a C string for the call's duration; SQLite writes one pointer to `opened`.
        let status = unsafe sqlite3_open_v2(path, &opened, access | SQLITE_OPEN_NOMUTEX, nil)
        guard let handle = unsafe opened else {
            throw MetastoreError(.unavailable, "no memory for a database connection", [serverFile: path])
        }
        unsafe self.handle = handle
        guard status == SQLITE_OK else {
            throw unsafe SQLiteConnection.error(handle, status, doing: "open \(path)")
        }
        unsafe sqlite3_extended_result_codes(handle, 1)
        unsafe firn_sqlite_set_defensive(handle)
        for setting in Dialect.sqlite.connectionSettings { _ = try query(setting, []) }
    }

    deinit {
        statements = [:]
        // SAFETY: the statements are finalised, nobody else holds the handle.
        unsafe sqlite3_close_v2(handle)
    }

    /// How many rows it changed.
    func execute(_ sql: String, _ parameters: [SQLValue]) throws(MetastoreError) -> Int {
        _ = try query(sql, parameters)
        // SAFETY: the handle lives as long as self.
        return unsafe Int(sqlite3_changes64(handle))
    }

    func query(_ sql: String, _ parameters: [SQLValue]) throws(MetastoreError) -> [Row] {
        let statement = try prepared(sql)
        let (rows, status) = statement.run(parameters)
        guard status == SQLITE_DONE else { throw unsafe Self.error(handle, status, doing: sql) }
        return rows
    }

    /// Whether a transaction is open; SQLite ends one by itself after some errors.
    var isInTransaction: Bool {
        // SAFETY: the handle lives as long as self.
        unsafe sqlite3_get_autocommit(handle) == 0
    }

    private func prepared(_ sql: String) throws(MetastoreError) -> SQLiteStatement {
        if let statement = statements[sql] { return statement }
        var compiled: OpaquePointer?
        // SAFETY: the text is a C string for the call's duration; -1 means up to its end.
        let status = unsafe sqlite3_prepare_v3(
            handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &compiled, nil)
        guard status == SQLITE_OK, let compiled = unsafe compiled else {
            throw unsafe Self.error(handle, status == SQLITE_OK ? SQLITE_MISUSE : status, doing: sql)
        }
        let statement = unsafe SQLiteStatement(compiled)
        if statements.count >= Self.statementLimit { statements = [:] }
        statements[sql] = statement
        return statement
    }

    private static func error(_ handle: OpaquePointer, _ status: Int32, doing sql: String) -> MetastoreError {
        // SAFETY: SQLite's message is a C string, valid until the next call on the handle; it is copied here.
        let text = unsafe String(cString: sqlite3_errmsg(handle))
        let code: MetastoreError.Code =
            switch status & 0xFF {
            case SQLITE_CONSTRAINT: .constraint
            case SQLITE_CORRUPT, SQLITE_NOTADB: .corrupt
            case SQLITE_FULL: .noSpace
            case SQLITE_ERROR, SQLITE_MISUSE, SQLITE_RANGE, SQLITE_MISMATCH: .statementInvalid
            default: .unavailable
            }
        return MetastoreError(
            code, "the metastore refused a statement",
            ["reason": text, "sqlite-code": status, "statement": sql.prefix(200)],
            hint: code == .noSpace ? "make room on the disk that has the data directory" : nil)
    }
}
