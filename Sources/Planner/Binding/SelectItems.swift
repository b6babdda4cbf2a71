import Columnar
import Plans
import SQLSyntax

/// The select list with its stars spread out.
struct SelectItems {
    struct Item {
        /// Nil for a column that came from a star.
        var syntax: ExpressionSyntax?
        var value: Expression
        var name: String
        var position: TextPosition
        /// Whether the text gave the name, with AS or as a bare column.
        var isNamed: Bool
    }

    var items: [Item] = []

    init(_ select: SelectSyntax, binder: inout ExpressionBinder) throws(PlannerError) {
        for item in select.items {
            if case .star(let star) = item.value.kind {
                try append(star, at: item.value.position, binder: &binder)
                continue
            }
            let value = try binder.bind(item.value)
            let name = item.alias?.text ?? item.value.columnName
            let isColumn = if case .name = item.value.kind { true } else { false }
            items.append(
                Item(
                    syntax: item.value, value: value, name: name, position: item.value.position,
                    isNamed: item.alias != nil || isColumn))
        }
    }

    private mutating func append(
        _ star: StarSyntax, at position: TextPosition, binder: inout ExpressionBinder
    ) throws(PlannerError) {
        let scope = binder.scope
        let positions = try scope.positions(of: star.qualifier)
        guard !positions.isEmpty else {
            throw PlannerError(.unknownTable, "* needs a FROM", at: position)
        }
        let names = positions.map { scope.columns[$0].name }
        func find(_ name: Identifier) throws(PlannerError) -> Int {
            guard case .found(let index) = NameMatch.find(name.text, among: names) else {
                throw PlannerError(
                    .unknownColumn, "* has no such column", ["column": name.text], at: name.position,
                    hint: NameMatch.hint(name.text, among: names))
            }
            return index
        }
        var excluded = Set<Int>()
        for name in star.excluded { excluded.insert(try find(name)) }
        var replacements: [Int: (syntax: ExpressionSyntax, value: Expression)] = [:]
        for replacement in star.replaced {
            replacements[try find(replacement.name)] = (replacement.value, try binder.bind(replacement.value))
        }
        var newNames: [Int: String] = [:]
        for renaming in star.renamed { newNames[try find(renaming.from)] = renaming.to.text }
        var spread: [(column: Int, replacement: ExpressionSyntax?, name: String)] = []
        for (index, column) in positions.enumerated() where !excluded.contains(index) {
            let name = newNames[index] ?? names[index]
            let value = replacements[index]?.value ?? .column(column, scope.columns[column].type)
            items.append(Item(syntax: nil, value: value, name: name, position: position, isNamed: true))
            spread.append((column, replacements[index]?.syntax, name))
        }
        binder.context.stars?.note(position, spread, in: scope)
    }
}

extension ExpressionSyntax {
    /// What a select item is called that has no alias: the column, else the text with functions in lower case.
    var columnName: String {
        switch kind {
        case .name(let name): return name.last.text
        case .field(_, let name): return name.text
        case .element(_, let index):
            if case .literal(.string(let key)) = index.kind { return key }
            return description
        case .call(var call):
            call.function = QualifiedName(
                call.function.parts.map { Identifier($0.text.lowercased(), at: $0.position) })
            return ExpressionSyntax(.call(call), at: position).description
        default: return description
        }
    }
}
