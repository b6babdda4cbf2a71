import Columnar

extension Bitmap {
    /// Calls `body` with each set position, ascending; words that are all ones become a plain loop.
    @inline(__always)
    func forEachSetBit(_ body: (Int) -> Void) {
        let words = words.span
        for index in 0..<words.count {
            var word = words[index]
            if word == .max {
                for row in (index &* 64)..<(index &* 64 &+ 64) { body(row) }
                continue
            }
            while word != 0 {
                body(index &* 64 &+ word.trailingZeroBitCount)
                word &= word &- 1
            }
        }
    }
}
