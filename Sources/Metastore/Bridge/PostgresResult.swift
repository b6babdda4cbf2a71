import CPostgres
import Octets

/// What PostgreSQL answered to one statement.
@safe final class PostgresResult {
    private let handle: OpaquePointer

    /// Takes over the handle.
    @unsafe init(_ handle: OpaquePointer) { unsafe self.handle = handle }

    deinit {
        // SAFETY: this object owns the handle.
        unsafe firn_pg_free(handle)
    }

    // SAFETY (here and below): the handle is owned and alive; libpq's strings are copied; indexes are within its counts.
    var isSuccess: Bool { unsafe firn_pg_succeeded(handle) == 1 }
    /// SQLSTATE, or nothing.
    var state: String { unsafe String(cString: firn_pg_state(handle)) }
    var reason: String { unsafe String(cString: firn_pg_reason(handle)) }
    var tag: String { unsafe String(cString: firn_pg_tag(handle)) }
    var changedRows: Int { unsafe Int(firn_pg_changed(handle)) }

    /// - Errors: `MST-102` for a field that is not what its type says.
    func rows() throws(MetastoreError) -> [Row] {
        let columns = 0..<(unsafe firn_pg_columns(handle))
        let names = Row.ColumnNames(
            columns.map { column in
                guard let name = unsafe firn_pg_column_name(handle, column) else { return "" }
                return unsafe String(cString: name)
            })
        let types = columns.map { PostgresType(rawValue: unsafe firn_pg_column_type(handle, $0)) }
        var rows: [Row] = []
        for row in 0..<(unsafe firn_pg_rows(handle)) {
            var values: [SQLValue] = []
            values.reserveCapacity(types.count)
            for column in columns { values.append(try value(row, column, types[Int(column)])) }
            rows.append(Row(names: names, values: values))
        }
        return rows
    }

    private func value(_ row: Int32, _ column: Int32, _ type: PostgresType?) throws(MetastoreError)
        -> SQLValue
    {
        if unsafe firn_pg_is_null(handle, row, column) == 1 { return .null }
        let length = unsafe Int(firn_pg_length(handle, row, column))
        guard let address = unsafe firn_pg_value(handle, row, column) else { return .null }
        let bytes = unsafe UnsafeRawBufferPointer(start: address, count: length)
        let text = unsafe String(decoding: bytes, as: UTF8.self)
        let value: SQLValue? =
            switch type {
            case .boolean: .integer(text == "t" ? 1 : 0)
            case .short, .integer, .long: Int64(text).map { .integer($0) }
            case .numeric: Int64(text).map { .integer($0) } ?? Double(text).map { .real($0) }
            case .single, .double: Double(text).map { .real($0) }
            case .bytes: text.hasPrefix("\\x") ? Hex.decode(text.dropFirst(2)).map { .blob($0) } : nil
            case nil: .text(text)
            }
        guard let value else {
            throw MetastoreError(
                .columnMismatch, "a field is not what its type says", ["column": Int(column)])
        }
        return value
    }
}

/// Types by the number PostgreSQL has for them; every other type is taken as text.
///
/// Source: PostgreSQL's catalogue of types, `pg_type.dat`; numbers of built-in types never change.
private enum PostgresType: UInt32 {
    case boolean = 16
    case bytes = 17
    case long = 20
    case short = 21
    case integer = 23
    case single = 700
    case double = 701
    case numeric = 1700
}
