import Columnar

/// Rows to compute one by one: how many, which are null already, and what a failing row does.
///
/// Between runs of rows it asks whether the work is still wanted.
struct RowPlan {
    var count: Int
    /// Rows that are null whatever the function says; the body is not called for them.
    var validity: Bitmap?
    /// A failing row becomes null instead of failing the call.
    var isTry = false
    var supervisor: (any KernelSupervisor)?
    /// Whether `scalars` bounds what it makes; states that were filled row by row are counted by their owner.
    var boundsSize = false

    /// Computes values of fixed width; nil makes a row null.
    @inline(__always)
    func fixed<Value: FixedValue>(
        _ type: DataType, _ body: (Int) throws(KernelError) -> Value?
    ) throws(KernelError) -> Column {
        var result = [Value](repeating: .zero, count: count)
        var nulls = NullMarks(count: count, validity: validity)
        var start = 0
        while start < count {
            try KernelError.checkInterruption()
            let end = min(count, start &+ Self.runRows)
            for row in start..<end where validity?[row] ?? true {
                do throws(KernelError) {
                    if let value = try body(row) { result[row] = value } else { nulls.mark(row) }
                } catch {
                    guard isTry, error.isOfTheRow else { throw error.at(row: row) }
                    nulls.mark(row)
                }
            }
            start = end
        }
        return Column(type, count: count, Value.column(result), validity: nulls.validity)
    }

    /// Computes truth values.
    @inline(__always)
    func truth(_ body: (Int) throws(KernelError) -> Bool?) throws(KernelError) -> Column {
        var flags = [UInt8](repeating: 0, count: PackedBits.paddedCount(count))
        var nulls = NullMarks(count: count, validity: validity)
        var start = 0
        while start < count {
            try KernelError.checkInterruption()
            let end = min(count, start &+ Self.runRows)
            for row in start..<end where validity?[row] ?? true {
                do throws(KernelError) {
                    if let value = try body(row) { flags[row] = value ? 1 : 0 } else { nulls.mark(row) }
                } catch {
                    guard isTry, error.isOfTheRow else { throw error.at(row: row) }
                    nulls.mark(row)
                }
            }
            start = end
        }
        return Column(
            .boolean, count: count, .boolean(PackedBits.pack(flags, count: count)), validity: nulls.validity)
    }

    /// Computes strings: the body appends a row's bytes to an empty buffer; false makes the row null.
    @inline(__always)
    func text(
        _ type: DataType, _ body: (Int, inout [UInt8]) throws(KernelError) -> Bool
    ) throws(KernelError) -> Column {
        var strings = StringColumn()
        strings.views.reserveCapacity(count)
        var nulls = NullMarks(count: count, validity: validity)
        var buffer: [UInt8] = []
        var total = 0
        var checked = 0
        var watch = KernelWatch(supervisor)
        for row in 0..<count {
            if row % Self.runRows == 0 || total - checked > Self.runBytes {
                try KernelError.checkInterruption()
                checked = total
            }
            guard validity?[row] ?? true else {
                strings.appendEmpty()
                continue
            }
            buffer.removeAll(keepingCapacity: true)
            do throws(KernelError) {
                if try body(row, &buffer) {
                    total += buffer.count
                    guard buffer.count <= Self.textLimit, total <= Self.columnLimit else {
                        throw KernelError(.tooLarge, "texts are too large", ["bytes": total])
                    }
                    strings.append(buffer.span)
                } else {
                    strings.appendEmpty()
                    nulls.mark(row)
                }
            } catch {
                guard isTry, error.isOfTheRow else { throw error.at(row: row) }
                strings.appendEmpty()
                nulls.mark(row)
            }
            try watch.look(bytes: total)
        }
        return Column(type, count: count, .string(strings), validity: nulls.validity)
    }

    /// Computes any values through scalars: for nested types and rare functions.
    func scalars(
        _ type: DataType, _ body: (Int) throws(KernelError) -> Scalar
    ) throws(KernelError) -> Column {
        var builder = ColumnBuilder(type)
        var watch = KernelWatch(supervisor)
        var size = ScalarSize(supervisor)
        for row in 0..<count {
            if row % Self.runRows == 0 { try KernelError.checkInterruption() }
            guard validity?[row] ?? true else {
                builder.appendNull()
                continue
            }
            do throws(KernelError) {
                let value = try body(row)
                if boundsSize {
                    // Before it is copied into the column: its elements may share one large text.
                    try size.add(value)
                    try watch.look(bytes: size.bytes)
                }
                builder.append(value)
            } catch {
                guard isTry, error.isOfTheRow else { throw error.at(row: row) }
                builder.appendNull()
            }
        }
        return builder.finish()
    }

    /// Rows and bytes between two questions whether the work is wanted: some milliseconds where a row takes microseconds.
    static let runRows = 128
    static let runBytes = 4 << 20

    /// The most bytes one computed text may have.
    static let textLimit = 256 << 20
    /// The most bytes the computed texts of one batch may have.
    static let columnLimit = 1 << 30
    /// The most elements the computed lists and maps of one batch may have, those of lists inside lists included.
    static let elementLimit = 10_000_000

    /// - Errors: `KRN-106`.
    static func check(elements: Int) throws(KernelError) {
        guard elements <= elementLimit else {
            throw KernelError(
                .tooLarge,
                "lists have too many elements: make rows of them, with FROM generate_series or unnest",
                ["limit": elementLimit, "elements": elements])
        }
    }
}

/// A validity that is only made when a row turns out null.
struct NullMarks {
    private let count: Int
    private(set) var validity: Bitmap?

    init(count: Int, validity: Bitmap?) {
        self.count = count
        self.validity = validity
    }

    mutating func mark(_ row: Int) {
        if validity == nil { validity = Bitmap(repeating: true, count: count) }
        validity?[row] = false
    }
}
