package import Columnar
package import Plans
package import SQLSyntax

/// Turns a query into a plan: binds names and types, optimises, chooses operators.
package struct Planner: Sendable {
    let settings: PlannerSettings
    let parameters: PlannerParameters

    package init(settings: PlannerSettings, parameters: PlannerParameters = []) {
        self.settings = settings
        self.parameters = parameters
    }

    /// A query on all its ways.
    package struct Result: Sendable {
        /// As bound, before any pass.
        package let bound: LogicalPlan
        package let steps: [Optimizer.Step]
        package let plan: PhysicalPlan
    }

    /// - Errors: `PLA-…` with line and column.
    package func plan(_ query: QuerySyntax, tables: TableCatalogue) throws(PlannerError) -> Result {
        try finish(OutputNames.settle(try bind(query, tables: tables)))
    }

    /// Optimises a bound plan and chooses its operators.
    func finish(_ bound: LogicalPlan) throws(PlannerError) -> Result {
        let (optimised, steps) = try Optimizer(settings: settings).run(bound)
        let plan = RuntimeFilters.placed(in: PhysicalPlanner.plan(optimised))
        do {
            try plan.check()
        } catch {
            throw PlannerError(
                .inconsistentPlan, "the planner made a plan that breaks a rule", at: nil, cause: error)
        }
        return Result(bound: bound, steps: steps, plan: plan)
    }

    func bind(_ query: QuerySyntax, tables: TableCatalogue) throws(PlannerError) -> LogicalPlan {
        let context = BinderContext(settings: settings, parameters: parameters, tables: tables)
        var binder = QueryBinder(context)
        return context.shared.closed(try binder.bind(query))
    }

    /// What a type's name means.
    ///
    /// - Errors: `PLA-107` with the place.
    package static func type(_ syntax: TypeSyntax) throws(PlannerError) -> DataType {
        try TypeNames.type(syntax)
    }

    /// The tables a query names, each once, in order; names that WITH gives are left out.
    package static func tables(in query: QuerySyntax) -> [QualifiedName] { references(in: query).map(\.name) }

    /// As `tables`, with the time each is read at; a table may come at several.
    package static func references(in query: QuerySyntax) -> [TableReference] {
        var collector = TableNameCollector()
        collector.visit(query)
        return collector.references
    }

    /// The query of a WITH that was meant by a table's name for which there is none.
    package static func commonTable(near name: Identifier, in query: QuerySyntax) -> Identifier? {
        var collector = TableNameCollector()
        collector.visit(query)
        return NearestName.find(name.text, among: collector.commonNames).map { Identifier($0) }
    }
}
