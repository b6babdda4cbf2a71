package import CArrowData
import Foundation

extension ArrowExport {
    /// A batch's chosen rows as a struct array. The values are copied: the array outlives the batch.
    @unsafe package static func array(_ batch: Batch) -> ArrowArray {
        let batch = batch.dense()
        return unsafe make(
            length: batch.rowCount, nullCount: 0, buffers: [nil],
            children: zip(batch.schema.fields, batch.columns).map {
                unsafe array($1, isRequired: $0.isRequired)
            })
    }

    /// - Parameter isRequired: No validity is exported: nulls can only lie in rows whose struct is null.
    @unsafe package static func array(_ column: Column, isRequired: Bool = false) -> ArrowArray {
        let column = column.flattened()
        let nullCount = isRequired ? 0 : column.nullCount
        let validity = unsafe nullCount > 0 ? column.validity.map { unsafe copy($0.words) } : nil
        func flat(_ values: UnsafeMutableRawPointer) -> ArrowArray {
            unsafe make(
                length: column.count, nullCount: nullCount, buffers: [validity, values], children: [])
        }
        switch column.values {
        case .boolean(let bits): return unsafe flat(copy(bits.words))
        case .int32(let items): return unsafe flat(copy(items))
        case .int64(let items):
            return unsafe flat(column.type.isDecimal ? copy(items.map { Int128($0) }) : copy(items))
        case .int128(let items): return unsafe flat(copy(items))
        case .float(let items): return unsafe flat(copy(items))
        case .double(let items): return unsafe flat(copy(items))
        case .interval(let items): return unsafe flat(copy(items.map { MonthDayNano($0) }))
        case .string(let items):
            if let width = column.type.fixedWidth {
                return unsafe flat(fixedBytes(items, width: width))
            }
            let (offsets, bytes) = unsafe offsetsAndBytes(items)
            return unsafe make(
                length: column.count, nullCount: nullCount, buffers: [validity, offsets, bytes], children: [])
        case .list(let offsets, let element):
            return unsafe make(
                length: column.count, nullCount: nullCount, buffers: [validity, copy(offsets)],
                children: [array(element, isRequired: column.type.areChildrenRequired[0])])
        case .map(let offsets, let keys, let values):
            let entries = unsafe make(
                length: keys.count, nullCount: 0, buffers: [nil],
                children: [
                    array(keys, isRequired: true),
                    array(values, isRequired: column.type.areChildrenRequired[1]),
                ])
            return unsafe make(
                length: column.count, nullCount: nullCount, buffers: [validity, copy(offsets)],
                children: [entries])
        case .structure(let fields):
            return unsafe make(
                length: column.count, nullCount: nullCount, buffers: [validity],
                children: zip(column.type.areChildrenRequired, fields).map {
                    unsafe array($1, isRequired: $0)
                })
        case .constant, .dictionary:
            // Only the column of nothing but NULL stays constant when flat.
            return unsafe make(length: column.count, nullCount: column.count, buffers: [], children: [])
        }
    }

    /// The interface's month_day_nano_interval.
    private struct MonthDayNano: BitwiseCopyable {
        var months: Int32
        var days: Int32
        var nanoseconds: Int64

        init(_ interval: Interval) {
            months = interval.months
            days = interval.days
            nanoseconds = interval.microseconds &* 1000
        }
    }

    private static func make(
        length: Int, nullCount: Int, buffers: [UnsafeMutableRawPointer?], children: [ArrowArray]
    ) -> ArrowArray {
        var array = unsafe ArrowArray()
        // SAFETY: buffers and children are allocated here or by the caller, and freed once, by `releaseArray`.
        unsafe array.length = Int64(length)
        unsafe array.null_count = Int64(nullCount)
        unsafe array.n_buffers = Int64(buffers.count)
        if unsafe !buffers.isEmpty {
            let list = unsafe UnsafeMutablePointer<UnsafeRawPointer?>.allocate(capacity: buffers.count)
            for index in unsafe buffers.indices {
                unsafe (list + index).initialize(to: buffers[index].map { UnsafeRawPointer($0) })
            }
            unsafe array.buffers = list
        }
        unsafe array.n_children = Int64(children.count)
        if unsafe !children.isEmpty {
            let list = unsafe UnsafeMutablePointer<UnsafeMutablePointer<ArrowArray>?>.allocate(
                capacity: children.count)
            for index in unsafe children.indices {
                let place = UnsafeMutablePointer<ArrowArray>.allocate(capacity: 1)
                unsafe place.initialize(to: children[index])
                unsafe (list + index).initialize(to: place)
            }
            unsafe array.children = list
        }
        unsafe array.release = releaseArray
        return unsafe array
    }

    /// At least 64 bytes, aligned to 64, as the interface advises.
    private static func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer {
        let padded = (max(byteCount, 1) + 63) / 64 * 64
        guard let memory = unsafe aligned_alloc(64, padded) else { preconditionFailure("no memory") }
        unsafe memset(memory + byteCount, 0, padded - byteCount)
        return unsafe memory
    }

    private static func copy<Value: BitwiseCopyable>(_ values: [Value]) -> UnsafeMutableRawPointer {
        let byteCount = values.count * MemoryLayout<Value>.stride
        let memory = unsafe allocate(byteCount)
        // SAFETY: the memory has room for the values; an empty array has nothing to copy.
        unsafe values.withUnsafeBytes { source in
            if let base = source.baseAddress { unsafe memory.copyMemory(from: base, byteCount: byteCount) }
        }
        return unsafe memory
    }

    /// 64-bit offsets, so that no batch has too many bytes for its type.
    private static func offsetsAndBytes(
        _ strings: StringColumn
    ) -> (UnsafeMutableRawPointer, UnsafeMutableRawPointer) {
        let total = strings.views.reduce(0) { $0 + $1.length }
        let memory = unsafe allocate((strings.count + 1) * 8)
        let bytes = unsafe allocate(total)
        let offsets = unsafe memory.bindMemory(to: Int64.self, capacity: strings.count + 1)
        var position = 0
        for row in 0..<strings.count {
            unsafe offsets[row] = Int64(position)
            // SAFETY: `total` is the sum of the lengths, so the bytes have room for each.
            strings.withBytes(at: row) { span in
                unsafe span.withUnsafeBytes { source in
                    if let base = source.baseAddress, source.count > 0 {
                        unsafe (bytes + position).copyMemory(from: base, byteCount: source.count)
                    }
                }
                position += span.count
            }
        }
        unsafe offsets[strings.count] = Int64(position)
        return unsafe (memory, bytes)
    }

    /// Rows of `width` bytes each; null rows are zero.
    private static func fixedBytes(_ strings: StringColumn, width: Int) -> UnsafeMutableRawPointer {
        let bytes = unsafe allocate(strings.count * width)
        unsafe memset(bytes, 0, strings.count * width)
        for row in 0..<strings.count {
            strings.withBytes(at: row) { span in
                guard span.count == width else {
                    precondition(span.count == 0, "a value of another width in a fixed column")
                    return
                }
                // SAFETY: the bytes have `width` for each row.
                unsafe span.withUnsafeBytes { source in
                    if let base = source.baseAddress {
                        unsafe (bytes + row * width).copyMemory(from: base, byteCount: width)
                    }
                }
            }
        }
        return unsafe bytes
    }
}

extension DataType {
    fileprivate var areChildrenRequired: [Bool] {
        switch self {
        case .list(let element): [element.isRequired]
        case .map(let key, let value): [key.isRequired, value.isRequired]
        case .structure(let fields): fields.map(\.isRequired)
        default: []
        }
    }

    /// Bytes of a value of fixed or uuid.
    fileprivate var fixedWidth: Int? {
        switch self {
        case .uuid: 16
        case .fixed(let length): length
        default: nil
        }
    }
}

/// Frees what `ArrowExport` made.
private func releaseArray(_ array: UnsafeMutablePointer<ArrowArray>?) {
    guard let array = unsafe array else { return }
    // SAFETY: the struct came from `make`; a moved struct's buffers and children still belong to it.
    if let buffers = unsafe array.pointee.buffers {
        for index in unsafe 0..<Int(array.pointee.n_buffers) {
            unsafe free(UnsafeMutableRawPointer(mutating: buffers[index]))
        }
        unsafe buffers.deallocate()
    }
    if let children = unsafe array.pointee.children {
        for index in unsafe 0..<Int(array.pointee.n_children) {
            guard let child = unsafe children[index] else { continue }
            if let release = unsafe child.pointee.release { unsafe release(child) }
            unsafe child.deallocate()
        }
        unsafe children.deallocate()
    }
    unsafe array.pointee.release = nil
}
