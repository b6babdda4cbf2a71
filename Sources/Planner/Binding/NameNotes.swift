import Plans
package import SQLSyntax

extension Planner {
    /// The query as SQL that goes on to mean the same when its tables get other columns: names stand in place of stars, USING in
    /// place of NATURAL, and tables before columns that another table could have one day.
    ///
    /// A star stays where one of its columns answers to no name, as where two have the same.
    ///
    /// - Errors: those of `plan`.
    package func lastingText(
        of query: QuerySyntax, tables: TableCatalogue
    ) throws(PlannerError) -> String {
        let notes = NameNotes()
        var binder = QueryBinder(
            BinderContext(settings: settings, parameters: parameters, tables: tables, notes: notes))
        _ = try binder.bind(query)
        return query.text(with: notes.names)
    }
}

/// What the names of a text stood for when it was bound.
///
/// A class, because binders at any depth add to it.
final class NameNotes {
    fileprivate(set) var names = BoundNames()

    /// The columns by their names, or what REPLACE gives in their place.
    func note(_ star: TextPosition, _ items: [(syntax: ExpressionSyntax?, name: String)]) {
        var noted: [SelectSyntax.Item] = []
        for item in items {
            guard let value = item.syntax else { return }
            let isNamed = value.columnName == item.name
            noted.append(SelectSyntax.Item(value: value, alias: isNamed ? nil : Identifier(item.name)))
        }
        if noted.count <= SelectBinding.itemLimit { names.stars[star] = noted }
    }

    func note(naturalJoin position: TextPosition, _ columns: [Identifier]) {
        names.naturalJoins[position] = columns
    }

    func note(item value: ExpressionSyntax) { names.items[value.position] = Identifier(value.columnName) }

    /// A bare name of a column of the scope.
    func note(_ name: QualifiedName, as expression: Expression, in scope: Scope) {
        guard name.parts.count == 1, case .column(let column, _) = expression,
            let full = scope.qualifiedName(of: column)
        else { return }
        names.columns[name.position] = full
    }
}
