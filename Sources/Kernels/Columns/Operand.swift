import Columnar

/// A column's values as a loop reads them: an array, or one value for all rows.
///
/// - Nulls: not seen here; null rows hold any value.
enum Operand<Value: FixedValue> {
    case flat([Value])
    case constant(Value)

    subscript(row: Int) -> Value {
        @inline(__always) get {
            switch self {
            case .flat(let items): items[row]
            case .constant(let value): value
            }
        }
    }
}

extension Column {
    /// The values as `Value`, which must be the column's physical form. A null constant reads as zero.
    func operand<Value: FixedValue>(_: Value.Type = Value.self) -> Operand<Value> {
        if let scalar = constantValue {
            guard let value = scalar.isNull ? .zero : Value(scalar) else {
                preconditionFailure("\(scalar) is no value of a \(type) column")
            }
            return .constant(value)
        }
        guard let items = Value.items(of: flattened().values) else {
            preconditionFailure("a \(type) column is not made of \(Value.self)")
        }
        return .flat(items)
    }

    /// The truth values; a null row's bit is anything.
    func truthBits() -> Bitmap {
        if let scalar = constantValue { return Bitmap(repeating: scalar == .boolean(true), count: count) }
        guard case .boolean(let bits) = flattened().values else {
            preconditionFailure("a \(type) column is not made of booleans")
        }
        return bits
    }

    /// The validity as bits, also of constants.
    func validityBits() -> Bitmap {
        if case .constant(.null) = values { return Bitmap(repeating: false, count: count) }
        return validity ?? Bitmap(repeating: true, count: count)
    }
}

/// A column of strings as a loop reads it: a row's own string, or one for all rows.
struct TextOperand {
    let strings: StringColumn
    let isConstant: Bool

    init(_ column: Column) {
        if let scalar = column.constantValue {
            isConstant = true
            switch scalar {
            case .string(let text): strings = StringColumn(CollectionOfOne(text))
            case .bytes(let bytes):
                var one = StringColumn()
                one.append(bytes)
                strings = one
            case .null: strings = StringColumn(CollectionOfOne(""))
            default: preconditionFailure("a \(column.type) column is not made of strings")
            }
        } else {
            isConstant = false
            guard case .string(let items) = column.flattened().values else {
                preconditionFailure("a \(column.type) column is not made of strings")
            }
            strings = items
        }
    }

    @inline(__always) func place(of row: Int) -> Int { isConstant ? 0 : row }

    /// Calls `body` with the row's bytes, without copying.
    @inline(__always)
    func withBytes<Result, Failure: Error>(
        at row: Int, _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        // `StringColumn.withBytes` rethrows any error; carry a typed one across it as a value.
        let outcome: Swift.Result<Result, Failure> = strings.withBytes(at: place(of: row)) { span in
            do throws(Failure) { return .success(try body(span)) } catch { return .failure(error) }
        }
        return try outcome.get()
    }

    func bytes(at row: Int) -> [UInt8] { strings.bytes(at: place(of: row)) }
    func string(at row: Int) -> String { strings.string(at: place(of: row)) }
}

extension Column {
    func textOperand() -> TextOperand { TextOperand(self) }
}
