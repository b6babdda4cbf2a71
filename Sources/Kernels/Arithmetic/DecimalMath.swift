import Columnar

/// Exact arithmetic on unscaled decimals of up to 38 digits, with 256-bit intermediates where needed.
enum DecimalMath {
    /// 10^0 … 10^38.
    static let powers: [Int128] = {
        var powers: [Int128] = [1]
        for _ in 0..<38 { powers.append(powers[powers.count - 1] * 10) }
        return powers
    }()

    /// The same as doubles, of which converting one takes a hundred times as long as multiplying by it.
    static let doublePowers = powers.map { Double($0) }

    /// The largest magnitude plus one that a precision holds.
    static func bound(_ precision: Int) -> Int128 { powers[precision] }

    /// `value` at another scale, rounding half away from zero. Nil when it leaves 128 bits.
    @inline(__always)
    static func rescale(_ value: Int128, by digits: Int) -> Int128? {
        if digits == 0 { return value }
        if digits > 0 {
            guard digits < powers.count else { return value == 0 ? 0 : nil }
            let (result, overflow) = value.multipliedReportingOverflow(by: powers[digits])
            return overflow ? nil : result
        }
        guard -digits < powers.count else { return 0 }
        return divideRounding(value, powers[-digits])
    }

    /// Rounds half away from zero; the divisor is positive.
    @inline(__always)
    static func divideRounding(_ value: Int128, _ divisor: Int128) -> Int128 {
        let quotient = value / divisor
        let rest = (value % divisor).magnitude
        guard rest >= divisor.magnitude - rest else { return quotient }
        return value < 0 ? quotient - 1 : quotient + 1
    }

    /// The binary number nearest to a decimal, of two equally near ones the even.
    ///
    /// - Source: Clinger, "How to Read Floating Point Numbers Accurately", 1990: where both the digits and the power of ten
    ///   are exact, one division rounds once. Else the quotient is computed to 127 bits and what is behind them is kept in the last.
    @inline(__always)
    static func nearest<Value: BinaryFloatingPoint>(_ unscaled: Int128, scale: Int) -> Value {
        let (digits, power) = (unscaled.magnitude, powers[scale].magnitude)
        let exact = UInt128(1) << UInt128(Value.significandBitCount + 1)
        // Five to the power is what the significand holds; its twos are in the exponent.
        if digits <= exact, power >> UInt128(scale) <= exact { return Value(unscaled) / Value(power) }
        return quotient(digits, power, isNegative: unscaled < 0)
    }

    @inline(never)
    private static func quotient<Value: BinaryFloatingPoint>(
        _ digits: UInt128, _ power: UInt128, isNegative: Bool
    ) -> Value {
        let (digitShift, powerShift) = (digits.leadingZeroBitCount, power.leadingZeroBitCount)
        // Half of the digits is below the power, so that the quotient has 127 or 128 bits.
        let high = digits << UInt128(digitShift)
        let divisor = power << UInt128(powerShift)
        let (quotient, rest) = divisor.dividingFullWidth((high >> 1, high << 127))
        let sticky = quotient | (rest == 0 ? 0 : 1)
        let exponent = powerShift - digitShift + 1 - 128
        let magnitude = Value(
            sign: .plus, exponent: Value.Exponent(exponent), significand: Value(sticky))
        return isNegative ? -magnitude : magnitude
    }

    /// `a * b / divisor`, rounding half away from zero; nil when it leaves 38 digits. Exact through 256 bits.
    static func multiplyDivide(_ a: Int128, _ b: Int128, by divisor: Int128) -> Int128? {
        let isNegative = (a < 0) != (b < 0) && a != 0 && b != 0
        let (high, low) = a.magnitude.multipliedFullWidth(by: b.magnitude)
        return divide((high, low), by: divisor.magnitude).map { isNegative != (divisor < 0) ? -$0 : $0 }
    }

    /// `(carry * 2^128 + a) * b / divisor`, of positive `b` and `divisor`.
    static func multiplyDivide(_ carry: Int64, _ a: Int128, _ b: Int128, by divisor: Int128) -> Int128? {
        var high = Int128(carry) + (a < 0 ? -1 : 0)
        var low = UInt128(bitPattern: a)
        let isNegative = high < 0
        if isNegative {
            high = ~high + (low == 0 ? 1 : 0)
            low = 0 &- low
        }
        let (carried, product) = low.multipliedFullWidth(by: b.magnitude)
        let (top, overflow) = high.magnitude.multipliedReportingOverflow(by: b.magnitude)
        let (whole, isCarried) = top.addingReportingOverflow(carried)
        guard !overflow, !isCarried else { return nil }
        return divide((whole, product), by: divisor.magnitude).map { isNegative ? -$0 : $0 }
    }

    /// Rounds half up; nil when it leaves 38 digits.
    private static func divide(_ value: (high: UInt128, low: UInt128), by magnitude: UInt128) -> Int128? {
        let (high, low) = value
        guard high < magnitude else { return nil }
        var (quotient, rest) =
            high == 0
            ? low.quotientAndRemainder(dividingBy: magnitude) : magnitude.dividingFullWidth((high, low))
        if rest >= magnitude - rest { quotient &+= 1 }
        guard quotient < powers[38].magnitude else { return nil }
        return Int128(quotient)
    }
}
