import CPostgres

/// One connection to PostgreSQL, with its prepared statements; once broken it stays so.
///
/// - Threads: one at a time; every call blocks.
// SAFETY: owned by one `PostgresSession`, which is used by one thread at a time.
@safe final class PostgresConnection: @unchecked Sendable {
    /// More distinct statements than Firn has; a bound all the same.
    private static let statementLimit = 256

    private let handle: OpaquePointer
    /// The names the server knows statements by.
    private var statements: [String: String] = [:]
    private var preparedCount = 0

    /// - Errors: `MST-302`, which may be tried again.
    init(url: String) throws(MetastoreError) {
        // SAFETY: the URL is a C string for the call's duration; the handle is this object's to close.
        guard let handle = unsafe firn_pg_connect(url) else {
            throw MetastoreError(.unavailable, "no memory for a database connection")
        }
        unsafe self.handle = handle
        guard isConnected else { throw lost("the database cannot be reached") }
    }

    deinit {
        // SAFETY: nobody else holds the handle.
        unsafe firn_pg_close(handle)
    }

    var isConnected: Bool {
        // SAFETY (here and below): the handle lives as long as self.
        unsafe firn_pg_is_connected(handle) == 1
    }

    /// Also true after a statement failed, until the rollback.
    var isInTransaction: Bool {
        let state = unsafe firn_pg_transaction_state(handle)
        return state == Int32(FIRN_PG_OPEN.rawValue) || state == Int32(FIRN_PG_FAILED.rawValue)
    }

    /// Statements without parameters, in one message; answers what the last one did, such as `COMMIT`.
    @discardableResult
    func run(_ sql: String) throws(MetastoreError) -> String {
        // SAFETY: the text is a C string for the call's duration.
        try unsafe result(firn_pg_run(handle, sql), doing: sql).tag
    }

    func query(_ sql: String, _ parameters: [SQLValue]) throws(MetastoreError) -> PostgresResult {
        let name = try prepared(sql)
        let values = try PostgresParameters(parameters)
        // SAFETY: the arrays live through the call and have `count` elements; each start and length lies in `bytes`.
        let answer = unsafe values.bytes.withUnsafeBufferPointer { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) { characters in
                unsafe firn_pg_execute(
                    handle, name, Int32(parameters.count), characters.baseAddress, values.starts,
                    values.lengths,
                    values.isBinary)
            }
        }
        return try unsafe result(answer, doing: sql)
    }

    private func prepared(_ sql: String) throws(MetastoreError) -> String {
        if let name = statements[sql] { return name }
        if statements.count >= Self.statementLimit {
            try run("DEALLOCATE ALL")
            statements = [:]
        }
        preparedCount += 1
        let name = "s\(preparedCount)"
        // SAFETY: both texts are C strings for the call's duration.
        _ = try unsafe result(firn_pg_prepare(handle, name, Dialect.numbered(sql)), doing: sql)
        statements[sql] = name
        return name
    }

    private func result(_ made: OpaquePointer?, doing sql: String) throws(MetastoreError) -> PostgresResult {
        guard let made = unsafe made else {
            throw MetastoreError(.unavailable, "no memory for the answer of the database")
        }
        // SAFETY: the result is nobody else's.
        let result = unsafe PostgresResult(made)
        if result.isSuccess { return result }
        if !isConnected { throw lost("the connection to the database broke") }
        throw MetastoreError(sqlState: result.state, reason: result.reason, statement: sql)
    }

    private func lost(_ summary: String) -> MetastoreError {
        // SAFETY: a C string, valid until the next call on the handle; it is copied here.
        let text = unsafe String(cString: firn_pg_message(handle))
        let reason = text.split(separator: "\n").joined(separator: "; ")
        return MetastoreError(.unavailable, summary, ["reason": reason], mayRetry: true)
    }
}

/// Parameters as libpq takes them, in one buffer.
///
/// - Errors: `MST-105` for a text with a zero character, which PostgreSQL cannot keep.
private struct PostgresParameters {
    var bytes: [UInt8] = []
    var starts: [Int64] = []
    var lengths: [Int32] = []
    var isBinary: [Int32] = []

    init(_ values: [SQLValue]) throws(MetastoreError) {
        for value in values {
            switch value {
            case .null: add([], isNull: true)
            case .integer(let number): add(Array(String(number).utf8))
            case .real(let number): add(Array(String(number).utf8))
            case .text(let text):
                let utf8 = Array(text.utf8)
                guard !utf8.contains(0) else {
                    throw MetastoreError(
                        .textUnstorable, "a text holds the character U+0000, which PostgreSQL cannot keep",
                        hint: "leave the character out")
                }
                add(utf8)
            case .blob(let blob): add(blob, isBinary: true)
            }
        }
        // An empty buffer may have no address.
        bytes.append(0)
    }

    private mutating func add(_ value: [UInt8], isNull: Bool = false, isBinary binary: Bool = false) {
        starts.append(isNull ? -1 : Int64(bytes.count))
        lengths.append(Int32(clamping: value.count))
        isBinary.append(binary ? 1 : 0)
        bytes.append(contentsOf: value)
        bytes.append(0)
    }
}
