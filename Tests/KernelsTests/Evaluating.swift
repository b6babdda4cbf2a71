import Columnar
import Kernels
import Testing

/// A value with its type, for short tests.
struct Value {
    var scalar: Scalar
    var type: DataType
}

func int(_ value: Int32) -> Value { Value(scalar: .int(value), type: .int) }
func long(_ value: Int64) -> Value { Value(scalar: .long(value), type: .long) }
func double(_ value: Double) -> Value { Value(scalar: .double(value), type: .double) }
func text(_ value: String) -> Value { Value(scalar: .string(value), type: .string) }
func truth(_ value: Bool) -> Value { Value(scalar: .boolean(value), type: .boolean) }
func null(_ type: DataType) -> Value { Value(scalar: .null, type: type) }
func json(_ value: String) -> Value { Value(scalar: .string(value), type: .json) }

/// Reads `text` as `type`: `parsed("2013-01-31", .date)`.
func parsed(_ text: String, _ type: DataType) throws -> Value {
    Value(scalar: try Column(.string, [.string(text)]).cast(to: type).scalar(at: 0), type: type)
}

/// The function of one row, checked to be the same in flat and in constant form.
func answer(
    _ function: ScalarFunction, _ arguments: [Value], _ result: DataType,
    in context: KernelContext = KernelContext(), location: SourceLocation = #_sourceLocation
) throws -> Scalar {
    let flat = try function.evaluate(
        arguments.map { Column($0.type, [$0.scalar, $0.scalar]) }, rowCount: 2, result: result, in: context)
    let constant = try function.evaluate(
        arguments.map { .constant($0.scalar, $0.type, count: 3) }, rowCount: 3, result: result, in: context)
    #expect(flat.type == result && constant.type == result, sourceLocation: location)
    #expect(flat.invariantFault == nil && constant.invariantFault == nil, sourceLocation: location)
    #expect(same(flat.scalar(at: 1), constant.scalar(at: 2)), sourceLocation: location)
    return flat.scalar(at: 0)
}

/// The answer as text.
func shown(
    _ function: ScalarFunction, _ arguments: [Value], _ result: DataType,
    location: SourceLocation = #_sourceLocation
) throws -> String? {
    let scalar = try answer(function, arguments, result, location: location)
    return try Value(scalar: scalar, type: result).text
}

extension Value {
    var text: String? {
        get throws {
            if scalar.isNull { return nil }
            var buffer: [UInt8] = []
            try ValueWriter(Column(type, [scalar])).append(0, to: &buffer)
            return String(decoding: buffer, as: UTF8.self)
        }
    }
}

/// Equal, where NaN equals NaN.
func same(_ left: Scalar, _ right: Scalar) -> Bool {
    switch (left, right) {
    case (.double(let a), .double(let b)): a == b || (a.isNaN && b.isNaN)
    case (.float(let a), .float(let b)): a == b || (a.isNaN && b.isNaN)
    default: left == right
    }
}

func code(_ body: () throws -> some Any) -> KernelError.Code? {
    do {
        _ = try body()
        return nil
    } catch {
        return (error as? KernelError)?.code
    }
}
