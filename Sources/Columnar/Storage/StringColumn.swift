/// One string of a column in 16 bytes: the length, then either the bytes or a prefix and a place.
///
///     length <= 12   | length: 4 | bytes, zero padded: 12            |
///     longer         | length: 4 | prefix: 4 | heap: 4 | offset: 4   |
///
/// Two views that differ in their first 8 bytes differ as strings, which settles most comparisons without touching a
/// heap. The layout is Arrow's `BinaryView`.
///
/// Source: Neumann and Freitag, "Umbra: A Disk-Based System with In-Memory Performance", CIDR 2020.
package struct StringView: Sendable, Hashable, BitwiseCopyable {
    package static let inlineLimit = 12

    /// Length in the low half, then the first four bytes.
    package var head: UInt64
    /// The other eight bytes, or heap index (low) and offset (high).
    package var tail: UInt64

    @inlinable
    package init(head: UInt64, tail: UInt64) {
        self.head = head
        self.tail = tail
    }

    /// A string longer than 12 bytes that lies in a heap.
    package init(length: Int, prefix: UInt32, heap: Int, offset: Int) {
        head = UInt64(UInt32(truncatingIfNeeded: length)) | UInt64(prefix) << 32
        tail = UInt64(UInt32(truncatingIfNeeded: heap)) | UInt64(UInt32(truncatingIfNeeded: offset)) << 32
    }

    package static let empty = StringView(head: 0, tail: 0)

    @inlinable
    package var length: Int { Int(UInt32(truncatingIfNeeded: head)) }
    @inlinable
    package var isInline: Bool { length <= Self.inlineLimit }
    @inlinable
    package var heapIndex: Int { Int(UInt32(truncatingIfNeeded: tail)) }
    @inlinable
    package var offset: Int { Int(tail >> 32) }
    /// The first four bytes as a little-endian number.
    @inlinable
    package var prefix: UInt32 { UInt32(truncatingIfNeeded: head >> 32) }
}

/// Strings or byte strings: a view a row, and the heaps the longer ones lie in.
///
/// - Nulls: the view of a null row may be anything valid; builders write the empty one.
package struct StringColumn: Sendable {
    /// A heap is addressed by 32 bits.
    package static let heapLimit = Int(UInt32.max)

    package var views: [StringView]
    package var heaps: [[UInt8]]

    package init(views: [StringView] = [], heaps: [[UInt8]] = []) {
        self.views = views
        self.heaps = heaps
    }

    package init(_ strings: some Sequence<String>) {
        self.init()
        for string in strings { append(string) }
    }

    @inlinable
    package var count: Int { views.count }

    /// Calls `body` with the bytes of a row, without copying.
    @inlinable
    package func withBytes<Result>(at row: Int, _ body: (Span<UInt8>) throws -> Result) rethrows -> Result {
        let view = views[row]
        if view.isInline {
            // SAFETY: the view lies in a local; its 12 inline bytes begin behind the 4 bytes of length, and
            // `length` <= 12 was checked above.
            return try unsafe withUnsafePointer(to: view) { pointer in
                let bytes = unsafe UnsafeRawPointer(pointer).assumingMemoryBound(to: UInt8.self) + 4
                let span = unsafe Span(_unsafeStart: bytes, count: view.length)
                return try body(span)
            }
        }
        let heap = heaps[view.heapIndex]
        return try body(heap.span.extracting(view.offset..<view.offset + view.length))
    }

    package func bytes(at row: Int) -> [UInt8] {
        withBytes(at: row) { span in [UInt8](copying: span) }
    }

    /// The row as text; bytes that are no UTF-8 become U+FFFD.
    package func string(at row: Int) -> String {
        withBytes(at: row) { span in
            // SAFETY: the buffer is only read, inside the closure.
            unsafe span.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
        }
    }

    package mutating func append(_ string: String) {
        var string = string
        string.makeContiguousUTF8()
        append(string.utf8.span)
    }

    package mutating func append(_ bytes: Span<UInt8>) {
        if bytes.count > StringView.inlineLimit { reserveHeap(bytes.count) }
        views.append(storeView(bytes))
    }

    package mutating func append(_ bytes: [UInt8]) { append(bytes.span) }

    package mutating func appendEmpty() { views.append(.empty) }

    /// Makes the last heap one that can take `byteCount` more bytes.
    private mutating func reserveHeap(_ byteCount: Int) {
        precondition(byteCount <= Self.heapLimit, "a string of 4 GiB does not fit a column")
        if heaps.isEmpty || heaps[heaps.count - 1].count + byteCount > Self.heapLimit { heaps.append([]) }
    }

    private mutating func storeView(_ bytes: Span<UInt8>) -> StringView {
        let head = UInt64(bytes.count) | StringColumn.load(bytes, 0, min(4, bytes.count)) << 32
        if bytes.count <= StringView.inlineLimit {
            return StringView(head: head, tail: StringColumn.load(bytes, 4, bytes.count))
        }
        let heap = heaps.count - 1
        let offset = heaps[heap].count
        heaps[heap].append(copying: bytes)
        return StringView(head: head, tail: UInt64(heap) | UInt64(offset) << 32)
    }

    /// Up to eight bytes from `start` to `end` as a little-endian number.
    @inlinable
    package static func load(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        var position = start
        while position < end {
            value |= UInt64(bytes[position]) << shift
            shift += 8
            position += 1
        }
        return value
    }

    /// Whether two rows hold the same bytes.
    @inlinable
    package func isEqual(_ row: Int, _ other: StringColumn, _ otherRow: Int) -> Bool {
        let left = views[row]
        let right = other.views[otherRow]
        if left.head != right.head { return false }
        if left.isInline { return left.tail == right.tail }
        return withBytes(at: row) { leftBytes in
            other.withBytes(at: otherRow) { rightBytes in
                for index in 4..<leftBytes.count where leftBytes[index] != rightBytes[index] { return false }
                return true
            }
        }
    }

    /// Compares bytes as unsigned numbers: negative, zero or positive. For UTF-8 this is code point order.
    @inlinable
    package func compare(_ row: Int, _ other: StringColumn, _ otherRow: Int) -> Int {
        let left = views[row]
        let right = other.views[otherRow]
        // Padding is zero, so prefixes of strings shorter than four bytes compare right too.
        if left.prefix != right.prefix { return left.prefix.byteSwapped < right.prefix.byteSwapped ? -1 : 1 }
        return withBytes(at: row) { leftBytes in
            other.withBytes(at: otherRow) { rightBytes in
                let shared = min(leftBytes.count, rightBytes.count)
                var index = 0
                while index < shared {
                    if leftBytes[index] != rightBytes[index] {
                        return leftBytes[index] < rightBytes[index] ? -1 : 1
                    }
                    index += 1
                }
                return leftBytes.count - rightBytes.count
            }
        }
    }

    /// Keeps the heaps and picks views: no bytes are copied.
    package func gather(_ rows: [Int32]) -> StringColumn {
        StringColumn(views: views.gather(rows), heaps: heaps)
    }

    package mutating func append(contentsOf other: StringColumn) {
        let base = heaps.count
        heaps.append(contentsOf: other.heaps)
        // No exact reservation: one a part would copy all parts before it again.
        guard base > 0 else { return views.append(contentsOf: other.views) }
        for view in other.views {
            views.append(
                view.isInline ? view : StringView(head: view.head, tail: view.tail &+ UInt64(base)))
        }
    }

    /// Bytes that the column keeps alive.
    package var byteCount: Int { views.count * 16 + heaps.reduce(0) { $0 + $1.count } }
}

extension Array {
    /// The elements at `rows`, in that order. Inlinable, or other modules would run it unspecialised.
    @inlinable
    package func gather(_ rows: [Int32]) -> [Element] where Element: BitwiseCopyable {
        let source = span
        let positions = rows.span
        return [Element](capacity: rows.count) { output in
            for index in 0..<positions.count { output.append(source[Int(positions[index])]) }
        }
    }

    /// Copies the elements of a span.
    @inlinable
    package init(copying span: Span<Element>) where Element: BitwiseCopyable {
        // SAFETY: the buffer is only read, inside the closure.
        self = unsafe span.withUnsafeBufferPointer { unsafe [Element]($0) }
    }

    /// Inlinable, or other modules would ask for the element's type at each call.
    @inlinable
    package mutating func append(copying span: Span<Element>) where Element: BitwiseCopyable {
        // SAFETY: the buffer is only read, inside the closure.
        unsafe span.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }
}
