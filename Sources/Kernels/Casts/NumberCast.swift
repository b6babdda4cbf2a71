import Columnar

/// Casts between numbers, and from booleans.
///
/// - Errors: `overflow` when the value does not fit; fractions are rounded, half away from zero from decimals, half to
///   even from floats, as PostgreSQL does.
struct NumberCast {
    private let cast: Cast
    private var target: DataType { cast.target }

    init(_ cast: Cast) { self.cast = cast }

    func evaluate(_ column: Column) throws(KernelError) -> Column {
        switch (column.type, target) {
        case (.boolean, .int), (.boolean, .long):
            let bits = column.truthBits()
            let numbers = Column(
                .int, count: column.count, .int32((0..<column.count).map { bits[$0] ? 1 : 0 }),
                validity: column.validity)
            return try numbers.cast(to: target)
        case (.int, .long):
            let items = mapFixed(.flat(cast.items(column, Int32.self)), count: column.count) { Int64($0) }
            return Column(.long, count: column.count, .int64(items), validity: column.validity)
        case (.int, _): return try fromInteger(column, cast.items(column, Int32.self))
        case (.long, _): return try fromInteger(column, cast.items(column, Int64.self))
        case (.float, .double):
            let items = mapFixed(.flat(cast.items(column, Float.self)), count: column.count) { Double($0) }
            return Column(.double, count: column.count, .double(items), validity: column.validity)
        case (.float, _): return try fromFloat(column, cast.items(column, Float.self))
        case (.double, _): return try fromFloat(column, cast.items(column, Double.self))
        case (.decimal(let precision, let scale), _):
            return precision <= DataType.longPrecision
                ? try fromDecimal(column, cast.items(column, Int64.self), scale)
                : try fromDecimal(column, cast.items(column, Int128.self), scale)
        case (.date, .int): return column.reinterpreted(as: .int)
        default: throw cast.unsupported(column.type)
        }
    }

    private func fromInteger<Value: FixedValue & FixedWidthInteger>(
        _ column: Column, _ items: [Value]
    ) throws(KernelError) -> Column {
        let count = column.count
        switch target {
        case .int:
            return try cast.rows(column).fixed(target) { row throws(KernelError) -> Int32? in
                guard let value = Int32(exactly: items[row]) else { throw cast.outOfRange("\(items[row])") }
                return value
            }
        case .float:
            let result = mapFixed(.flat(items), count: count) { Float($0) }
            return Column(.float, count: count, .float(result), validity: column.validity)
        case .double:
            let result = mapFixed(.flat(items), count: count) { Double($0) }
            return Column(.double, count: count, .double(result), validity: column.validity)
        case .decimal(let precision, let scale):
            return try decimal(column, precision) { row in DecimalMath.rescale(Int128(items[row]), by: scale)
            }
        default: throw cast.unsupported(column.type)
        }
    }

    private func fromFloat<Value: FixedValue & BinaryFloatingPoint & CustomStringConvertible>(
        _ column: Column, _ items: [Value]
    ) throws(KernelError) -> Column {
        switch target {
        case .int:
            return try cast.rows(column).fixed(target) { row throws(KernelError) -> Int32? in
                guard let value = Int32(exactly: items[row].rounded(.toNearestOrEven)) else {
                    throw cast.outOfRange("\(items[row])")
                }
                return value
            }
        case .long:
            return try cast.rows(column).fixed(target) { row throws(KernelError) -> Int64? in
                guard let value = Int64(exactly: items[row].rounded(.toNearestOrEven)) else {
                    throw cast.outOfRange("\(items[row])")
                }
                return value
            }
        case .float:
            return try cast.rows(column).fixed(target) { row throws(KernelError) -> Float? in
                let value = Float(items[row])
                guard value.isFinite || !items[row].isFinite else { throw cast.outOfRange("\(items[row])") }
                return value
            }
        case .decimal(let precision, let scale):
            // By way of the shortest text, so that 1.005 is 1.005 and not 1.00499999999999989….
            return try decimal(column, precision) { row in
                let text = Array("\(items[row])".utf8)
                guard
                    case .value(let value) = NumberParsing.decimal(
                        text.span, precision: precision, scale: scale)
                else { return nil }
                return value
            }
        default: throw cast.unsupported(column.type)
        }
    }

    private func fromDecimal<Value: FixedValue & FixedWidthInteger>(
        _ column: Column, _ items: [Value], _ scale: Int
    ) throws(KernelError) -> Column {
        switch target {
        case .int:
            return try cast.rows(column).fixed(target) { row throws(KernelError) -> Int32? in
                try Int32(exactly: whole(items[row], scale)).orThrow(outOfRange(items[row], scale))
            }
        case .long:
            return try cast.rows(column).fixed(target) { row throws(KernelError) -> Int64? in
                try Int64(exactly: whole(items[row], scale)).orThrow(outOfRange(items[row], scale))
            }
        case .float:
            let floats = mapFixed(.flat(items), count: column.count) { value -> Float in
                DecimalMath.nearest(Int128(value), scale: scale)
            }
            return Column(.float, count: column.count, .float(floats), validity: column.validity)
        case .double:
            let doubles = mapFixed(.flat(items), count: column.count) { value -> Double in
                DecimalMath.nearest(Int128(value), scale: scale)
            }
            return Column(.double, count: column.count, .double(doubles), validity: column.validity)
        case .decimal(let precision, let newScale):
            return try decimal(column, precision) { row in
                DecimalMath.rescale(Int128(items[row]), by: newScale - scale)
            }
        default: throw cast.unsupported(column.type)
        }
    }

    private func whole(_ value: some FixedWidthInteger, _ scale: Int) -> Int128 {
        DecimalMath.divideRounding(Int128(value), DecimalMath.powers[scale])
    }

    private func outOfRange(_ value: some FixedWidthInteger, _ scale: Int) -> KernelError {
        cast.outOfRange(TextFormat.text(decimal: Int128(value), scale: scale))
    }

    /// Unscaled values into the target's width; nil or too many digits is an overflow.
    @inline(__always)
    private func decimal(
        _ column: Column, _ precision: Int, _ body: (Int) -> Int128?
    ) throws(KernelError) -> Column {
        let bound = DecimalMath.bound(precision)
        func checked(_ row: Int) throws(KernelError) -> Int128 {
            guard let value = body(row), value < bound, value > -bound else {
                throw cast.outOfRange(column.scalar(at: row).plainText(of: column.type))
            }
            return value
        }
        if precision <= DataType.longPrecision {
            return try cast.rows(column).fixed(target) { row throws(KernelError) -> Int64? in
                Int64(truncatingIfNeeded: try checked(row))
            }
        }
        return try cast.rows(column).fixed(target) { row throws(KernelError) -> Int128? in try checked(row) }
    }
}

extension Optional {
    func orThrow(_ error: @autoclosure () -> KernelError) throws(KernelError) -> Wrapped {
        guard let self else { throw error() }
        return self
    }
}

extension Scalar {
    /// The payload for a message: a number's digits, else the case's print.
    fileprivate func plainText(of type: DataType) -> String {
        if case .decimal(_, let scale) = type {
            switch self {
            case .long(let value): return TextFormat.text(decimal: Int128(value), scale: scale)
            case .int128(let value): return TextFormat.text(decimal: value, scale: scale)
            default: break
            }
        }
        return switch self {
        case .int(let value): "\(value)"
        case .long(let value): "\(value)"
        case .float(let value): "\(value)"
        case .double(let value): "\(value)"
        case .string(let value): value
        default: "\(self)"
        }
    }
}
