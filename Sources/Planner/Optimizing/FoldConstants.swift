import Columnar
import Kernels
import Plans

/// Computes what needs no row.
///
/// A constant that faults stays: the fault may belong to rows that never come (`CASE WHEN false THEN 1/0 END`).
struct FoldConstants: NodePass {
    let name = "fold_constants"
    let folding: ConstantFolding
    /// A plan holds no larger values: a long list is computed where it is used, where its memory is counted.
    private static let maximumBytes = 1 << 20

    func rewritten(_ node: LogicalPlan) -> LogicalPlan { node.mapExpressions(fold) }

    func fold(_ expression: Expression) -> Expression {
        expression.rewritten(foldOne)
    }

    private func foldOne(_ expression: Expression) -> Expression {
        if case .literal = expression { return expression }
        if case .caseWhen(let branches, let otherwise, let type) = expression {
            if let short = shortened(branches, otherwise, type) { return short }
        }
        guard expression.children.allSatisfy({ $0.literalValue != nil }) else { return expression }
        do {
            guard let value = try folding.value(of: expression, maximumBytes: Self.maximumBytes) else {
                return expression
            }
            return .literal(value, expression.type)
        } catch {
            return expression
        }
    }

    /// Drops branches whose condition is constant; nil when none is.
    private func shortened(
        _ branches: [CaseBranch], _ otherwise: Expression?, _ type: DataType
    ) -> Expression? {
        var kept: [CaseBranch] = []
        for (index, branch) in branches.enumerated() {
            switch branch.condition.literalValue {
            case nil: kept.append(branch)
            case .boolean(true):
                if kept.isEmpty { return branch.value }
                return .caseWhen(kept, otherwise: branch.value, type)
            default:
                if index == branches.count - 1, kept.isEmpty { return otherwise ?? .null(type) }
            }
        }
        return kept.count == branches.count ? nil : .caseWhen(kept, otherwise: otherwise, type)
    }
}
