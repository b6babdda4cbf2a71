import Columnar
import JSONText

extension Cast {
    /// Reads text as the target type.
    func fromText(_ column: Column) throws(KernelError) -> Column {
        let text = TextOperand(column)
        let rows = rows(column)
        func value<Value>(
            _ row: Int, _ outcome: NumberParsing.Outcome<Value>
        ) throws(KernelError) -> Value {
            switch outcome {
            case .value(let value): return value
            case .malformed: throw invalid(text.string(at: row))
            case .outOfRange: throw outOfRange(text.string(at: row))
            }
        }
        func some<Value>(_ row: Int, _ value: Value?) throws(KernelError) -> Value {
            guard let value else { throw invalid(text.string(at: row)) }
            return value
        }
        switch target {
        case .string: return column.reinterpreted(as: .string)
        case .json: return try validatedJSON(column, text)
        case .boolean:
            return try rows.truth { row throws(KernelError) in
                try some(row, text.withBytes(at: row) { NumberParsing.boolean($0) })
            }
        case .int:
            return try rows.fixed(target) { row throws(KernelError) -> Int32? in
                try value(row, text.withBytes(at: row) { NumberParsing.integer($0) })
            }
        case .long:
            return try rows.fixed(target) { row throws(KernelError) -> Int64? in
                try value(row, text.withBytes(at: row) { NumberParsing.integer($0) })
            }
        case .float:
            return try rows.fixed(target) { row throws(KernelError) -> Float? in
                let wide = try value(row, text.withBytes(at: row) { NumberParsing.double($0) })
                let narrow = Float(wide)
                guard narrow.isFinite || !wide.isFinite else { throw outOfRange(text.string(at: row)) }
                return narrow
            }
        case .double:
            return try rows.fixed(target) { row throws(KernelError) -> Double? in
                try value(row, text.withBytes(at: row) { NumberParsing.double($0) })
            }
        case .decimal(let precision, let scale):
            let read = { (row: Int) throws(KernelError) -> Int128 in
                let outcome = text.withBytes(at: row) {
                    NumberParsing.decimal($0, precision: precision, scale: scale)
                }
                return try value(row, outcome)
            }
            if precision <= DataType.longPrecision {
                return try rows.fixed(target) { row throws(KernelError) -> Int64? in Int64(try read(row)) }
            }
            return try rows.fixed(target) { row throws(KernelError) -> Int128? in try read(row) }
        case .date:
            return try rows.fixed(target) { row throws(KernelError) -> Int32? in
                try some(row, text.withBytes(at: row) { TimeParsing.date($0) })
            }
        case .time:
            return try rows.fixed(target) { row throws(KernelError) -> Int64? in
                try some(row, text.withBytes(at: row) { TimeParsing.time($0) })
            }
        case .timestamp, .timestamptz, .timestampNanos, .timestamptzNanos:
            let ignoresZone = target == .timestamp || target == .timestampNanos
            let isNanos = target == .timestampNanos || target == .timestamptzNanos
            return try rows.fixed(target) { row throws(KernelError) -> Int64? in
                let parsed = text.withBytes(at: row) {
                    TimeParsing.timestampNanoseconds($0, ignoresZone: ignoresZone)
                }
                let nanoseconds = try some(row, parsed)
                let units = isNanos ? nanoseconds : DecimalMath.divideRounding(nanoseconds, 1000)
                guard let fitting = Int64(exactly: units) else { throw outOfRange(text.string(at: row)) }
                return fitting
            }
        case .interval:
            return try rows.scalars(target) { row throws(KernelError) in
                .interval(try some(row, IntervalParsing.interval(text.string(at: row))))
            }
        case .binary: return try bytes(text, column)
        case .uuid:
            return try rows.text(target) { row, buffer throws(KernelError) in
                buffer += try some(row, text.withBytes(at: row) { NumberParsing.uuid($0) })
                return true
            }
        case .fixed(let length):
            return try rows.text(target) { row, buffer throws(KernelError) in
                try appendBytes(text, row, to: &buffer)
                guard buffer.count == length else { throw invalid(text.string(at: row)) }
                return true
            }
        case .list, .map, .structure, .null: throw unsupported(column.type)
        }
    }

    private func bytes(_ text: TextOperand, _ column: Column) throws(KernelError) -> Column {
        let hasHex = (0..<column.count).contains { row in
            !column.isNull(row) && text.withBytes(at: row) { BytesParsing.isHex($0) }
        }
        guard hasHex else { return column.reinterpreted(as: .binary) }
        return try rows(column).text(.binary) { row, buffer throws(KernelError) in
            try appendBytes(text, row, to: &buffer)
            return true
        }
    }

    private func appendBytes(_ text: TextOperand, _ row: Int, to buffer: inout [UInt8]) throws(KernelError) {
        let isRead = text.withBytes(at: row) { BytesParsing.append($0, to: &buffer) }
        guard isRead else { throw invalid(text.string(at: row)) }
    }

    /// Text that is to be JSON must be JSON; it is kept as written.
    private func validatedJSON(_ column: Column, _ text: TextOperand) throws(KernelError) -> Column {
        try rows(column).text(.json) { row, buffer throws(KernelError) in
            text.withBytes(at: row) { bytes in buffer.append(copying: bytes) }
            do throws(JSONError) {
                _ = try JSONParser.parse(buffer)
            } catch {
                throw invalid(text.string(at: row))
            }
            return true
        }
    }
}
