import Columnar
import Kernels
import Testing

/// Whatever the form of the arguments and however many rows come at once, a function gives the same.
struct FormTests {
    static let signatures: [(ScalarFunction, [DataType], DataType)] = {
        var all: [(ScalarFunction, [DataType], DataType)] = []
        for type in GeneratedColumns.types {
            for function: ScalarFunction in [
                .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .isDistinctFrom,
                .isNotDistinctFrom,
            ] {
                all.append((function, [type, type], .boolean))
            }
            all += [(.isNull, [type], .boolean), (.isNotNull, [type], .boolean)]
            for function: ScalarFunction in [.coalesce, .greatest, .least] {
                all.append((function, [type, type, type], type))
            }
            all.append((.nullif, [type, type], type))
        }
        for type: DataType in [
            .int, .long, .double, .decimal(precision: 9, scale: 2), .decimal(precision: 30, scale: 4),
        ] {
            for function: ScalarFunction in [.add, .subtract, .multiply, .divide, .modulo] {
                all.append((function, [type, type], type))
            }
            for function: ScalarFunction in [.negate, .abs, .round, .floor, .ceil] {
                all.append((function, [type], type))
            }
        }
        all += [
            (.and, [.boolean, .boolean, .boolean], .boolean), (.or, [.boolean, .boolean], .boolean),
            (.not, [.boolean], .boolean),
        ]
        for function: ScalarFunction in [.upper, .lower, .reverse, .trim, .initcap, .md5] {
            all.append((function, [.string], .string))
        }
        for function: ScalarFunction in [.concat, .concatOperator, .concatWithSeparator, .replace] {
            all.append((function, [.string, .string, .string], .string))
        }
        for function: ScalarFunction in [.like, .contains, .startsWith, .endsWith] {
            all.append((function, [.string, .string], .boolean))
        }
        all += [
            (.substring, [.string, .int], .string), (.left, [.string, .int], .string),
            (.characterLength, [.string], .int),
            (.position, [.string, .string], .long), (.add, [.date, .interval], .timestamp),
            (.subtract, [.timestamp, .interval], .timestamp),
            (.subtract, [.timestamp, .timestamp], .interval),
            (.subtract, [.date, .date], .int), (.add, [.date, .int], .date),
        ]
        return all
    }()

    /// The rows' answers one by one, each row alone and flat; nil where it fails.
    private func oneByOne(_ function: ScalarFunction, _ arguments: [Column], _ result: DataType) -> [Scalar?]
    {
        (0..<arguments[0].count).map { row in
            let alone = arguments.map { Column($0.type, [$0.scalar(at: row)]) }
            do {
                return try function.evaluate(alone, rowCount: 1, result: result).scalar(at: 0)
            } catch {
                return nil
            }
        }
    }

    @Test(arguments: [UInt64](1...12))
    func formsAgree(_ seed: UInt64) throws {
        var columns = GeneratedColumns(seed: seed)
        for (function, types, result) in Self.signatures {
            let count = [0, 1, 2, 63, 64, 65, 130][columns.number(7)]
            let arguments = types.map { columns.column($0, count: count) }
            let expected = oneByOne(function, arguments, result)
            do throws(KernelError) {
                let whole = try function.evaluate(arguments, rowCount: count, result: result)
                #expect(whole.invariantFault == nil, "\(function) seed \(seed)")
                #expect(whole.count == count)
                let isSame = zip(whole.scalars, expected).allSatisfy { got, want in
                    want.map { same(got, $0) } ?? false
                }
                #expect(
                    isSame,
                    "\(function) of \(types), seed \(seed): \(arguments.map(\.scalars)) gave \(whole.scalars)"
                )
            } catch {
                let firstFault = expected.firstIndex { $0 == nil }
                #expect(
                    firstFault != nil && (error.row == firstFault),
                    "\(function) of \(types), seed \(seed): \(error)")
            }
        }
    }

    @Test(arguments: [UInt64](1...6))
    func castsAgree(_ seed: UInt64) throws {
        var columns = GeneratedColumns(seed: seed)
        for source in GeneratedColumns.types {
            for target in GeneratedColumns.types + [.timestampNanos, .json] {
                let column = columns.column(source, count: 70)
                let alone = column.scalars.map { scalar -> Scalar? in
                    do { return try Column(source, [scalar]).cast(to: target).scalar(at: 0) } catch {
                        return nil
                    }
                }
                do throws(KernelError) {
                    let tried = try column.cast(to: target, isTry: true)
                    #expect(tried.invariantFault == nil)
                    let isSame = zip(tried.scalars, alone).allSatisfy { same($0, $1 ?? .null) }
                    #expect(isSame, "\(source) to \(target), seed \(seed)")
                } catch {
                    #expect(error.code == .unsupported)
                }
            }
        }
    }

    @Test(arguments: [UInt64](1...6))
    func membershipIsAnOrOfEquals(_ seed: UInt64) throws {
        var columns = GeneratedColumns(seed: seed)
        for type in GeneratedColumns.types {
            var elements = (0..<(1 + columns.number(12))).map { _ in columns.scalar(type) }
            if columns.number(3) == 0 { elements.append(.null) }
            let column = columns.column(type, count: 66)
            let got = Membership(elements, type: type).evaluate(column, isNegated: false)
            let tests = try elements.map {
                try ScalarFunction.equal.evaluate(
                    [column, .constant($0, type, count: 66)], rowCount: 66, result: .boolean)
            }
            let wanted = try ScalarFunction.or.evaluate(tests, rowCount: 66, result: .boolean)
            #expect(got.scalars == wanted.scalars, "\(type), seed \(seed)")
            let negated = Membership(elements, type: type).evaluate(column, isNegated: true)
            #expect(
                try negated.scalars
                    == ScalarFunction.not.evaluate([wanted], rowCount: 66, result: .boolean).scalars)
        }
    }
}
