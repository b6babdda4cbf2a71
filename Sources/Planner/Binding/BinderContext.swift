package import Columnar
import Effects
import Kernels
import Plans
import SQLSyntax

/// What a query's expressions are bound with.
struct BinderContext {
    /// A query that WITH names.
    struct CommonTable {
        var name: String
        var plan: LogicalPlan
        var nodeCount: Int
    }

    let settings: PlannerSettings
    let parameters: PlannerParameters
    let folding: ConstantFolding
    let coercion: Coercion
    let tables: TableCatalogue
    let counts: StatementCounts
    /// Of the whole statement.
    let shared: SharedQueries
    /// Where somebody wants to know.
    let notes: NameNotes?
    /// Visible here, the innermost last.
    var commonTables: [CommonTable] = []
    /// The queries around this one, the innermost last.
    private(set) var frames: [OuterFrame] = []

    init(
        settings: PlannerSettings, parameters: PlannerParameters, tables: TableCatalogue = TableCatalogue(),
        counts: StatementCounts = StatementCounts(), shared: SharedQueries = SharedQueries(),
        notes: NameNotes? = nil
    ) {
        self.settings = settings
        self.parameters = parameters
        folding = ConstantFolding(context: settings.kernelContext)
        coercion = Coercion(folding: folding)
        self.tables = tables
        self.counts = counts
        self.shared = shared
        self.notes = notes
    }

    /// For a query inside one that these frames stand for, the outermost first.
    func inside(_ inner: [OuterFrame]) -> BinderContext {
        var context = self
        context.frames += inner
        return context
    }

    /// A name of a query further out; nil when none has it.
    ///
    /// - Errors: those of `Scope.resolve`, an unknown column excepted.
    func outer(_ name: QualifiedName) throws(PlannerError) -> Expression? {
        for frame in frames.reversed() {
            do {
                let value = try frame.resolve(name)
                notes?.note(name, as: try frame.scope.resolve(name), in: frame.scope)
                return value
            } catch {
                guard error.code == .unknownColumn else { throw error }
            }
        }
        return nil
    }

    /// The fault for a name that no query has: of the one that has its table, or a column that is called almost like it.
    func fault(_ own: PlannerError, _ name: QualifiedName, in scope: Scope) -> PlannerError {
        if scope.hasTable(of: name) || scope.nearest(name) != nil { return own }
        let other = frames.last { $0.scope.hasTable(of: name) || $0.scope.nearest(name) != nil }
        return other?.scope.unknown(name) ?? own
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

/// The values given beside a statement.
package struct PlannerParameters: Sendable, Hashable, ExpressibleByArrayLiteral {
    /// For `$1`, and for `?` in their order.
    package var positional: [PlannerParameter]
    /// For `:name`.
    package var named: [String: PlannerParameter]

    package init(positional: [PlannerParameter] = [], named: [String: PlannerParameter] = [:]) {
        self.positional = positional
        self.named = named
    }

    package init(arrayLiteral elements: PlannerParameter...) { self.init(positional: elements) }
}

extension PlannerParameter {
    /// A number by its digits, typed as a literal is: `1` is an int, `1.5` a decimal, `1e3` a double.
    ///
    /// - Errors: `PLA-108` with the parameter's name when it has more digits than a value may, or is too large.
    package init(digits: String, called name: String) throws(PlannerError) {
        let literals = LiteralBinding(
            coercion: Coercion(
                folding: ConstantFolding(context: KernelContext(now: Instant(microseconds: 0)))))
        let isNegative = digits.hasPrefix("-")
        let value: Expression
        do throws(PlannerError) {
            value = try literals.number(
                String(digits.drop { $0 == "-" || $0 == "+" }).lowercased(), isNegative: isNegative, at: nil)
        } catch {
            throw PlannerError(
                error.code, error.summary, ["parameter": name, "number": "\(digits.prefix(100))"], at: nil)
        }
        self.init(value.literalValue ?? .null, value.type)
    }
}
