extension Int {
    /// The product, or what is beyond every limit of counts and bytes: small enough that thousands of such products can be
    /// added up, where `Int.max` would overflow.
    package func multipliedClamped(by factor: Int) -> Int {
        let (product, overflow) = multipliedReportingOverflow(by: factor)
        return overflow ? Int.max / 4096 : Swift.min(product, Int.max / 4096)
    }
}
