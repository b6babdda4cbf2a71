/// Arrays of plain values as the bytes they lie in, in the machine's own order: for files that never leave it.
extension [UInt8] {
    package mutating func append<Item: BitwiseCopyable>(rawBytesOf items: [Item]) {
        // SAFETY: the buffer is only read, inside the closure; padding inside elements is copied and never looked at.
        unsafe items.withUnsafeBytes { unsafe append(contentsOf: $0) }
    }
}

extension Array where Element: BitwiseCopyable {
    /// What `append(rawBytesOf:)` wrote.
    ///
    /// - Shapes: `bytes` holds whole elements.
    package init(rawBytes bytes: Span<UInt8>) {
        let size = MemoryLayout<Element>.stride
        precondition(bytes.count % size == 0, "bytes of whole elements")
        let count = bytes.count / size
        // SAFETY: the new array has room for `count` elements, which are exactly the bytes that are read.
        self = unsafe [Element](unsafeUninitializedCapacity: count) { buffer, filled in
            unsafe bytes.withUnsafeBytes { source in
                unsafe UnsafeMutableRawBufferPointer(buffer).copyMemory(from: source)
            }
            filled = count
        }
    }
}
