import Columnar

/// Lists of texts that go straight into a column: no element is a value of its own on the way.
///
/// - Errors: `KRN-106` above what one computed column may hold, `KRN-302` when there is no memory for it, `KRN-301`.
struct TextLists {
    private var texts = StringColumn()
    private var bytes = 0
    /// Of the elements; made when one is null.
    private var validity: Bitmap?
    private var offsets: [Int32] = [0]
    private var watch: KernelWatch

    /// Calls `body` for each row that `validity` has; it appends the row's elements, or answers false before the first
    /// to make the row null.
    static func column(
        _ call: KernelCall, validity: Bitmap?,
        _ body: (Int, inout TextLists) throws(KernelError) -> Bool
    ) throws(KernelError) -> Column {
        guard case .list(let element) = call.result else { throw call.unsupported() }
        var lists = TextLists(call.context.supervisor)
        lists.offsets.reserveCapacity(call.rowCount + 1)
        var nulls = NullMarks(count: call.rowCount, validity: validity)
        for row in 0..<call.rowCount {
            if row % RowPlan.runRows == 0 { try KernelError.checkInterruption() }
            if validity?[row] ?? true {
                do throws(KernelError) {
                    if try !body(row, &lists) { nulls.mark(row) }
                } catch {
                    throw error.at(row: row)
                }
            }
            lists.offsets.append(Int32(lists.texts.count))
        }
        let elements = Column(
            element.type, count: lists.texts.count, .string(lists.texts), validity: lists.validity)
        return Column(
            call.result, count: call.rowCount, .list(offsets: lists.offsets, element: elements),
            validity: nulls.validity)
    }

    private init(_ supervisor: (any KernelSupervisor)?) { watch = KernelWatch(supervisor) }

    mutating func append(_ text: Span<UInt8>) throws(KernelError) {
        try grow(by: text.count)
        texts.append(text)
        validity?.append(true)
    }

    mutating func appendNull() throws(KernelError) {
        try grow(by: 0)
        if validity == nil { validity = Bitmap(repeating: true, count: texts.count) }
        texts.appendEmpty()
        validity?.append(false)
    }

    private mutating func grow(by count: Int) throws(KernelError) {
        try RowPlan.check(elements: texts.count + 1)
        bytes += Self.viewBytes + (count > StringView.inlineLimit ? count : 0)
        guard bytes <= RowPlan.columnLimit else {
            throw KernelError(
                .tooLarge, "values are too large", ["limit": RowPlan.columnLimit, "bytes": bytes])
        }
        try watch.look(bytes: bytes)
    }

    private static let viewBytes = 16
}
