package import Columnar
import SQLSyntax

/// What stays the same while a statement is bound.
struct BinderContext {
    let settings: PlannerSettings
    let parameters: [PlannerParameter]
    let folding: ConstantFolding
    let coercion: Coercion

    init(settings: PlannerSettings, parameters: [PlannerParameter]) {
        self.settings = settings
        self.parameters = parameters
        folding = ConstantFolding(context: settings.kernelContext)
        coercion = Coercion(folding: folding)
    }
}

/// A value given beside the statement, for `$1` or `?`. Text takes the type of its place, as a literal does.
package struct PlannerParameter: Sendable, Hashable {
    package var value: Scalar
    package var type: DataType

    package init(_ value: Scalar, _ type: DataType) {
        self.value = value
        self.type = type
    }
}
