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
            if !isColumn { binder.context.notes?.note(item: item.value) }
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
        let columns = try columns(of: star, in: scope)
        guard !columns.isEmpty else {
            throw PlannerError(.unknownTable, "* needs a FROM", at: position)
        }
        let names = columns.map(\.name)
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
        var spread: [(syntax: ExpressionSyntax?, name: String)] = []
        for (index, column) in columns.enumerated() where !excluded.contains(index) {
            let name = newNames[index] ?? column.name
            let value = replacements[index]?.value ?? column.value
            items.append(Item(syntax: nil, value: value, name: name, position: position, isNamed: true))
            let written = column.written.map { ExpressionSyntax(.name($0)) }
            spread.append((replacements[index]?.syntax ?? written, name))
        }
        binder.context.notes?.note(position, spread)
    }

    /// What a star stands for: the columns of a table, of all tables, or the fields of a struct; each with a name that
    /// means it alone, nil where there is none.
    private func columns(
        of star: StarSyntax, in scope: Scope
    ) throws(PlannerError) -> [(name: String, value: Expression, written: QualifiedName?)] {
        do {
            return try scope.positions(of: star.qualifier).map { position in
                let column = scope.columns[position]
                let written = scope.hasSeveralTables ? scope.qualifiedName(of: position) : nil
                return (column.name, .column(position, column.type), written ?? scope.name(of: position))
            }
        } catch  where error.code == .unknownTable {
            guard let name = star.qualifier, let (structure, fields) = Self.structure(name, in: scope) else {
                throw error
            }
            var found: [(name: String, value: Expression, written: QualifiedName?)] = []
            for field in fields {
                let identifier = Identifier(field.name, at: name.position)
                let value = try FieldAccess.bind(structure, identifier)
                found.append((field.name, value, QualifiedName(name.parts + [identifier])))
            }
            return found
        }
    }

    /// The struct of this name; nil where nothing has it, or something else.
    private static func structure(
        _ name: QualifiedName, in scope: Scope
    ) -> (value: Expression, fields: [Field])? {
        do throws(PlannerError) {
            let value = try scope.resolve(name)
            if case .structure(let fields) = value.type { return (value, fields) }
            return nil
        } catch {
            return nil
        }
    }
}

extension ExpressionSyntax {
    /// What a select item is called that has no alias: the column, else the text with functions in lower case.
    var columnName: String {
        switch kind {
        case .name(let name): return name.last.text
        case .field(_, let name): return name.text
        case .collated(let value, _): return value.columnName
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
