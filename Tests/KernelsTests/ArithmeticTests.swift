import Columnar
import Kernels
import Testing

struct ArithmeticTests {
    @Test func integersAreExactOrFail() throws {
        #expect(try answer(.add, [int(2), int(3)], .int) == .int(5))
        #expect(try answer(.divide, [int(-7), int(2)], .int) == .int(-3))
        #expect(try answer(.modulo, [int(-7), int(2)], .int) == .int(-1))
        #expect(try answer(.modulo, [long(.min), long(-1)], .long) == .long(0))
        #expect(try answer(.negate, [int(5)], .int) == .int(-5))
        #expect(try answer(.bitXor, [int(6), int(3)], .int) == .int(5))
        #expect(try answer(.shiftLeft, [int(1), int(33)], .int) == .int(2))
        #expect(code { try answer(.add, [int(.max), int(1)], .int) } == .overflow)
        #expect(code { try answer(.multiply, [long(.max), long(2)], .long) } == .overflow)
        #expect(code { try answer(.divide, [long(.min), long(-1)], .long) } == .overflow)
        #expect(code { try answer(.negate, [int(.min)], .int) } == .overflow)
        #expect(code { try answer(.divide, [int(1), int(0)], .int) } == .divisionByZero)
        #expect(code { try answer(.modulo, [int(1), int(0)], .int) } == .divisionByZero)
    }

    @Test func nullRowsNeverFail() throws {
        let left = Column(.int, [.int(1), .null, .int(.max), .int(4)])
        let right = Column(.int, [.int(1), .int(0), .null, .int(2)])
        let quotient = try ScalarFunction.divide.evaluate([left, right], rowCount: 4, result: .int)
        #expect(quotient.scalars == [.int(1), .null, .null, .int(2)])
        // The slot below a null may hold anything, also what would overflow.
        let hidden = Column(.int, count: 2, .int32([.max, 1]), validity: Bitmap([false, true]))
        let ones = Column(.int, [.int(1), .int(1)])
        let sum = try ScalarFunction.add.evaluate([hidden, ones], rowCount: 2, result: .int)
        #expect(sum.scalars == [.null, .int(2)])
        let zero = Column(.int, count: 2, .int32([0, 1]), validity: Bitmap([false, true]))
        #expect(
            try ScalarFunction.divide.evaluate([ones, zero], rowCount: 2, result: .int).scalars == [
                .null, .int(1),
            ])
    }

    @Test func aFaultNamesItsRow() throws {
        let left = Column(.int, [.int(1), .null, .int(2), .int(.max)])
        do {
            _ = try ScalarFunction.add.evaluate([left, left], rowCount: 4, result: .int)
            Issue.record("no overflow")
        } catch {
            #expect(error.row == 3 && error.code == .overflow)
        }
    }

    @Test func doublesFailWherePostgreSQLDoes() throws {
        #expect(try answer(.divide, [double(1), double(4)], .double) == .double(0.25))
        #expect(code { try answer(.divide, [double(1), double(0)], .double) } == .divisionByZero)
        #expect(code { try answer(.multiply, [double(1e300), double(1e300)], .double) } == .overflow)
        #expect(try answer(.add, [double(.infinity), double(1)], .double) == .double(.infinity))
    }

    @Test func decimalsAreExactTo38Digits() throws {
        func dec(_ text: String, _ precision: Int, _ scale: Int) throws -> Value {
            try parsed(text, .decimal(precision: precision, scale: scale))
        }
        func result(_ precision: Int, _ scale: Int) -> DataType {
            .decimal(precision: precision, scale: scale)
        }
        #expect(try shown(.add, [dec("1.5", 4, 1), dec("0.25", 4, 2)], result(6, 2)) == "1.75")
        #expect(try shown(.multiply, [dec("1.05", 9, 2), dec("1.05", 9, 2)], result(18, 4)) == "1.1025")
        #expect(try shown(.multiply, [dec("1.05", 9, 2), dec("-1.05", 9, 2)], result(18, 3)) == "-1.103")
        let big = "12345678901234567890123456789012345678"
        #expect(
            try shown(.add, [dec(big, 38, 0), dec("1", 38, 0)], result(38, 0))
                == "12345678901234567890123456789012345679")
        // The product has 75 digits; only its rescaled quotient fits.
        let half = "0.5" + String(repeating: "0", count: 36)
        #expect(
            try shown(.multiply, [dec(half, 38, 37), dec(half, 38, 37)], result(38, 37)) == "0.25"
                + String(repeating: "0", count: 35))
        #expect(
            try shown(.divide, [dec("1", 9, 0), dec("3", 9, 0)], result(38, 20)) == "0.33333333333333333333")
        #expect(try shown(.divide, [dec("2", 9, 0), dec("3", 9, 0)], result(18, 6)) == "0.666667")
        #expect(try shown(.modulo, [dec("7.5", 9, 1), dec("2", 9, 0)], result(9, 1)) == "1.5")
        #expect(try shown(.subtract, [int(1), dec("0.1", 3, 1)], result(12, 1)) == "0.9")
        #expect(code { try shown(.add, [dec("9", 1, 0), dec("1", 1, 0)], result(1, 0)) } == .overflow)
        #expect(
            code { try shown(.multiply, [dec(big, 38, 0), dec(big, 38, 0)], result(38, 0)) } == .overflow)
        #expect(
            code { try shown(.divide, [dec("1", 9, 0), dec("0", 9, 0)], result(38, 6)) } == .divisionByZero)
    }

    @Test func roundingKeepsTypes() throws {
        #expect(try answer(.round, [double(2.5)], .double) == .double(3))
        #expect(try answer(.round, [double(-2.25), int(1)], .double) == .double(-2.3))
        #expect(try answer(.round, [int(1250), int(-2)], .int) == .int(1300))
        #expect(
            try shown(
                .ceil, [parsed("-1.5", .decimal(precision: 4, scale: 1))], .decimal(precision: 4, scale: 0))
                == "-1")
        #expect(
            try shown(
                .floor, [parsed("-1.5", .decimal(precision: 4, scale: 1))], .decimal(precision: 4, scale: 0))
                == "-2")
        #expect(
            try shown(
                .round, [parsed("42.8571", .decimal(precision: 6, scale: 4)), long(1)],
                .decimal(precision: 6, scale: 1)) == "42.9")
        #expect(
            try shown(
                .round, [parsed("9.9", .decimal(precision: 2, scale: 1))], .decimal(precision: 2, scale: 0))
                == "10")
        #expect(code { try answer(.abs, [long(.min)], .long) } == .overflow)
        #expect(try answer(.power, [long(2), long(-1)], .double) == .double(0.5))
        #expect(code { try answer(.power, [double(10), double(400)], .double) } == .overflow)
        #expect(code { try answer(.raise, [double(-8), double(0.5)], .double) } == .invalidArgument)
        #expect(try answer(.gcd, [long(12), long(-18)], .long) == .long(6))
        #expect(try answer(.lcm, [long(4), long(6)], .long) == .long(12))
    }

    @Test func comparisonsKeepOneOrder() throws {
        #expect(try answer(.equal, [double(.nan), double(.nan)], .boolean) == .boolean(true))
        #expect(try answer(.greater, [double(.nan), double(.infinity)], .boolean) == .boolean(true))
        #expect(try answer(.less, [double(.nan), double(1)], .boolean) == .boolean(false))
        #expect(try answer(.lessOrEqual, [double(1), double(.nan)], .boolean) == .boolean(true))
        #expect(try answer(.equal, [double(-0.0), double(0)], .boolean) == .boolean(true))
        #expect(try answer(.less, [text("a"), text("ab")], .boolean) == .boolean(true))
        #expect(
            try answer(.less, [text("abcdefghijklmnop"), text("abcdefghijklmnoq")], .boolean)
                == .boolean(true))
        #expect(try answer(.greater, [text("é"), text("z")], .boolean) == .boolean(true))
        #expect(try answer(.less, [truth(false), truth(true)], .boolean) == .boolean(true))
        #expect(try answer(.equal, [int(3), long(3)], .boolean) == .boolean(true))
        #expect(try answer(.less, [int(3), null(.int)], .boolean) == .null)
        #expect(try answer(.isDistinctFrom, [int(3), null(.int)], .boolean) == .boolean(true))
        #expect(try answer(.isNotDistinctFrom, [null(.int), null(.int)], .boolean) == .boolean(true))
        #expect(try answer(.isDistinctFrom, [int(3), int(3)], .boolean) == .boolean(false))
    }

    @Test func logicHasThreeValues() throws {
        let values: [Value] = [truth(true), truth(false), null(.boolean)]
        func and(_ a: Bool?, _ b: Bool?) -> Bool? {
            a == false || b == false ? false : a == nil || b == nil ? nil : true
        }
        func optional(_ scalar: Scalar) -> Bool? {
            if case .boolean(let value) = scalar { value } else { nil }
        }
        for left in values {
            for right in values {
                let a = optional(left.scalar)
                let b = optional(right.scalar)
                #expect(optional(try answer(.and, [left, right], .boolean)) == and(a, b))
                #expect(
                    optional(try answer(.or, [left, right], .boolean))
                        == and(a.map { !$0 }, b.map { !$0 }).map { !$0 })
            }
            #expect(optional(try answer(.not, [left], .boolean)) == optional(left.scalar).map { !$0 })
            #expect(try answer(.isTrue, [left], .boolean) == .boolean(optional(left.scalar) == true))
            #expect(try answer(.isNotFalse, [left], .boolean) == .boolean(optional(left.scalar) != false))
        }
    }

    @Test func conditionalsSeeNulls() throws {
        #expect(try answer(.coalesce, [null(.int), int(2), int(3)], .int) == .int(2))
        #expect(try answer(.nullif, [int(2), int(2)], .int) == .null)
        #expect(try answer(.nullif, [int(2), null(.int)], .int) == .int(2))
        #expect(try answer(.greatest, [int(2), null(.int), int(5)], .int) == .int(5))
        #expect(try answer(.least, [text("b"), text("a")], .string) == .string("a"))
        #expect(try answer(.nvl2, [null(.int), text("x"), text("y")], .string) == .string("y"))
        let mixed = try ScalarFunction.coalesce.evaluate(
            [
                Column(.string, [.null, .string("a"), .null]),
                Column(.string, [.string("x"), .string("y"), .null]),
            ],
            rowCount: 3, result: .string)
        #expect(mixed.scalars == [.string("x"), .string("a"), .null])
    }
}
