import Columnar
package import Effects

/// What functions may ask for beside their arguments.
package struct KernelContext: Sendable {
    /// When the statement began.
    package var now: Instant
    package var randomness: (any Randomness)?
    /// What `json_get_*` gives for a missing path: null in queries; '' , 0 and false in pipelines.
    package var missingJSONIsDefault: Bool
    /// Nil for work that nobody ends and that is small: constants, tests.
    package var supervisor: (any KernelSupervisor)?

    package init(
        now: Instant = Instant(microseconds: 0), randomness: (any Randomness)? = nil,
        missingJSONIsDefault: Bool = false
    ) {
        self.now = now
        self.randomness = randomness
        self.missingJSONIsDefault = missingJSONIsDefault
    }
}

/// One function applied to columns of `rowCount` rows.
struct KernelCall {
    let function: ScalarFunction
    let arguments: [Column]
    let rowCount: Int
    let result: DataType
    let context: KernelContext

    /// Null where any argument is null.
    var validity: Bitmap? {
        arguments.reduce(nil) { intersect($0, $1.mayHaveNulls ? $1.validityBits() : nil) }
    }

    /// Rows to compute strictly: null in, null out.
    var rows: RowPlan { plan(validity) }

    /// Rows whose nulls the function looks at itself.
    var allRows: RowPlan { plan(nil) }

    func plan(_ validity: Bitmap?) -> RowPlan {
        RowPlan(count: rowCount, validity: validity, supervisor: context.supervisor, boundsSize: true)
    }

    /// An argument under another type.
    func argument(_ index: Int, as type: DataType) throws(KernelError) -> Column {
        try arguments[index].cast(to: type)
    }

    func long(_ index: Int) throws(KernelError) -> Operand<Int64> { try argument(index, as: .long).operand() }
    func double(_ index: Int) throws(KernelError) -> Operand<Double> {
        try argument(index, as: .double).operand()
    }
    /// A number argument without its fraction, cut off towards zero.
    func wholeNumbers(_ index: Int, as type: DataType) throws(KernelError) -> Column {
        let column = arguments[index]
        guard !column.type.isInteger else { return try column.cast(to: type) }
        let call = KernelCall(
            function: .trunc, arguments: [column], rowCount: rowCount, result: column.type, context: context)
        return try Rounding.evaluate(call).cast(to: type)
    }

    func text(_ index: Int) throws(KernelError) -> TextOperand {
        let column = arguments[index]
        return column.type.physical == .string
            ? TextOperand(column) : TextOperand(try column.cast(to: .string))
    }

    /// The text every row has, when the argument is constant.
    func constantText(_ index: Int) -> String? {
        if case .string(let text)? = arguments[index].constantValue { text } else { nil }
    }

    func unsupported() -> KernelError {
        KernelError(
            .unsupported, "the function does not take these types",
            ["function": function.name, "types": arguments.map { "\($0.type)" }.joined(separator: ", ")])
    }

    func has(_ index: Int) -> Bool { index < arguments.count }
}
