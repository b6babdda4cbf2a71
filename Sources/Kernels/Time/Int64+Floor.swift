extension Int64 {
    /// What lies above the next lower multiple: never negative, and no overflow at either end of the range.
    @inline(__always)
    func floorRemainder(dividingBy divisor: Int64) -> Int64 {
        let rest = self % divisor
        return rest < 0 ? rest &+ divisor : rest
    }
}
