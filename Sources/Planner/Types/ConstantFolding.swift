import Columnar
import Kernels
import Plans

/// Evaluates what needs no row, by the kernels that evaluate rows.
struct ConstantFolding {
    let context: KernelContext

    func cast(_ value: Scalar, from source: DataType, to target: DataType) throws(KernelError) -> Scalar {
        try Column.constant(value, source, count: 1).cast(to: target).scalar(at: 0)
    }

    /// The literal a constant expression comes to; nil for one that is not constant, is volatile, or is larger.
    ///
    /// - Errors: what the kernel says; the caller decides whether the fault may wait for a row.
    func value(of expression: Expression, maximumBytes: Int = .max) throws(KernelError) -> Scalar? {
        guard expression.isConstant else { return nil }
        let column = try evaluate(expression)
        return column.byteCount <= maximumBytes ? column.scalar(at: 0) : nil
    }

    /// One row of a constant expression.
    private func evaluate(_ expression: Expression) throws(KernelError) -> Column {
        switch expression {
        case .column: preconditionFailure("a constant reads no column")
        case .literal(let value, let type): return .constant(value, type, count: 1)
        case .located(let inner, let place):
            do throws(KernelError) {
                return try evaluate(inner)
            } catch {
                throw error.at(place.place)
            }
        case .cast(let value, let type, let isTry): return try evaluate(value).cast(to: type, isTry: isTry)
        case .call(let function, let arguments, let type):
            var columns: [Column] = []
            for argument in arguments { columns.append(try evaluate(argument)) }
            return try function.evaluate(columns, rowCount: 1, result: type, in: context)
        case .chain(let first, let links):
            var column = try evaluate(first)
            for link in links {
                column = try link.evaluate(column, try evaluate(link.operand), rowCount: 1, in: context)
            }
            return column
        case .caseWhen(let branches, let otherwise, let type):
            for branch in branches where try evaluate(branch.condition).scalar(at: 0) == .boolean(true) {
                return try evaluate(branch.value)
            }
            guard let otherwise else { return .nulls(type, count: 1) }
            return try evaluate(otherwise)
        case .inList(let value, let elements, let isNegated):
            let scalar = try evaluate(value).scalar(at: 0)
            let column = Column.constant(scalar, value.type, count: 1)
            var isUnknown = scalar.isNull
            for element in elements {
                let other = Column.constant(element, value.type, count: 1)
                switch try ScalarFunction.equal.evaluate([column, other], rowCount: 1, result: .boolean)
                    .scalar(at: 0)
                {
                case .boolean(true): return .constant(.boolean(!isNegated), .boolean, count: 1)
                case .null: isUnknown = true
                default: break
                }
            }
            return .constant(isUnknown && !elements.isEmpty ? .null : .boolean(isNegated), .boolean, count: 1)
        }
    }
}
