package import Columnar

/// What an offset of a frame may be.
package enum FrameOffset {
    static let isNull = "the offset of a frame is NULL"
    static let isNegative = "the offset of a frame is negative"

    /// What is wrong with an offset; nil when nothing is.
    package static func problem(_ offset: Scalar) -> String? {
        switch offset {
        case .null: isNull
        case .int(let number): number < 0 ? isNegative : nil
        case .long(let number): number < 0 ? isNegative : nil
        case .int128(let number): number < 0 ? isNegative : nil
        case .float(let number): number >= 0 ? nil : isNegative
        case .double(let number): number >= 0 ? nil : isNegative
        case .interval(let interval):
            interval.months < 0 || interval.days < 0 || interval.microseconds < 0 ? isNegative : nil
        default: nil
        }
    }
}
