import CSQLite

/// A compiled statement. Runs to its end at once; between runs it holds no parameters and no lock.
///
/// - Threads: those of its connection.
@safe final class SQLiteStatement {
    private let handle: OpaquePointer
    private let names: Row.ColumnNames

    /// Takes over the handle.
    @unsafe init(_ handle: OpaquePointer) {
        unsafe self.handle = handle
        // SAFETY: a column's name is a C string that lives as long as the statement; it is copied.
        let count = unsafe sqlite3_column_count(handle)
        names = Row.ColumnNames(
            (0..<count).map { index in
                guard let name = unsafe sqlite3_column_name(handle, index) else { return "" }
                return unsafe String(cString: name)
            })
    }

    deinit {
        // SAFETY: this object owns the handle.
        unsafe sqlite3_finalize(handle)
    }

    /// All rows, and SQLITE_DONE or what went wrong.
    func run(_ parameters: [SQLValue]) -> (rows: [Row], status: Int32) {
        // SAFETY (here and below): the handle is owned and alive; indexes are within the counts SQLite reported.
        defer {
            unsafe sqlite3_reset(handle)
            unsafe sqlite3_clear_bindings(handle)
        }
        guard unsafe Int(sqlite3_bind_parameter_count(handle)) == parameters.count else {
            return ([], SQLITE_RANGE)
        }
        for (index, value) in parameters.enumerated() {
            let status = bind(value, at: Int32(index + 1))
            guard status == SQLITE_OK else { return ([], status) }
        }
        var rows: [Row] = []
        while true {
            let status = unsafe sqlite3_step(handle)
            guard status == SQLITE_ROW else { return (rows, status) }
            rows.append(Row(names: names, values: (0..<Int32(names.list.count)).map(column)))
        }
    }

    private func bind(_ value: SQLValue, at index: Int32) -> Int32 {
        switch value {
        case .null: unsafe sqlite3_bind_null(handle, index)
        case .integer(let number): unsafe sqlite3_bind_int64(handle, index, number)
        case .real(let number): unsafe sqlite3_bind_double(handle, index, number)
        case .text(var text):
            // SAFETY: SQLite copies the bytes before it returns.
            text.withUTF8 { bytes in
                unsafe bytes.withMemoryRebound(to: CChar.self) { characters in
                    unsafe firn_sqlite_bind_text(
                        handle, index, characters.baseAddress, UInt64(characters.count))
                }
            }
        case .blob(let bytes):
            // SAFETY: SQLite copies the bytes before it returns.
            unsafe bytes.withUnsafeBytes { bytes in
                unsafe firn_sqlite_bind_blob(handle, index, bytes.baseAddress, UInt64(bytes.count))
            }
        }
    }

    private func column(_ index: Int32) -> SQLValue {
        switch unsafe sqlite3_column_type(handle, index) {
        case SQLITE_INTEGER: return .integer(unsafe sqlite3_column_int64(handle, index))
        case SQLITE_FLOAT: return .real(unsafe sqlite3_column_double(handle, index))
        case SQLITE_TEXT:
            let address = unsafe UnsafeRawPointer(sqlite3_column_text(handle, index))
            return .text(String(decoding: unsafe bytes(address, index), as: UTF8.self))
        case SQLITE_BLOB: return .blob(unsafe bytes(sqlite3_column_blob(handle, index), index))
        default: return .null
        }
    }

    /// Copies a field; its size is asked for after its address, as SQLite wants it.
    private func bytes(_ address: UnsafeRawPointer?, _ index: Int32) -> [UInt8] {
        // SAFETY: SQLite keeps `count` bytes at the address until the next step or reset; they are copied before.
        let count = unsafe Int(sqlite3_column_bytes(handle, index))
        guard let address = unsafe address, count > 0 else { return [] }
        return unsafe Array(UnsafeRawBufferPointer(start: address, count: count))
    }
}
