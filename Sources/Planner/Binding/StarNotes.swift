import Plans
package import SQLSyntax

extension Planner {
    /// The query as SQL that goes on to mean the same when its tables get other columns: names stand in place of stars.
    ///
    /// A star stays where one of its columns answers to no name, as where two have the same.
    ///
    /// - Errors: those of `plan`.
    package func lastingText(
        of query: QuerySyntax, tables: TableCatalogue
    ) throws(PlannerError) -> String {
        let notes = StarNotes()
        var binder = QueryBinder(
            BinderContext(settings: settings, parameters: parameters, tables: tables, stars: notes))
        _ = try binder.bind(query)
        return query.text(with: notes.columns)
    }
}

/// What the stars of a text stood for when it was bound.
///
/// A class, because binders at any depth add to it.
final class StarNotes {
    fileprivate(set) var columns = StarColumns()

    /// The columns by the names they had in `scope`, or what REPLACE gives in their place.
    func note(
        _ star: TextPosition, _ items: [(column: Int, replacement: ExpressionSyntax?, name: String)],
        in scope: Scope
    ) {
        var noted: [SelectSyntax.Item] = []
        for item in items {
            guard
                let value = item.replacement
                    ?? scope.name(of: item.column).map({ ExpressionSyntax(.name($0)) })
            else { return }
            let isNamed = value.columnName == item.name
            noted.append(SelectSyntax.Item(value: value, alias: isNamed ? nil : Identifier(item.name)))
        }
        if noted.count <= SelectBinding.itemLimit { columns[star] = noted }
    }
}
