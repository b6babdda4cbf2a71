import Columnar
import Plans
import SQLSyntax

/// The columns an expression may read, and the names they answer to.
struct Scope {
    struct Column {
        /// How the table may be called: its alias alone, else each tail of its full name.
        var qualifiers: [[String]]
        var name: String
        var type: DataType
        var isRequired: Bool
    }

    /// By position in the input.
    private(set) var columns: [Column]
    /// Positions by name in lower case: wide tables have thousands of columns and long queries as many names.
    private let positionsByName: [String: [Int]]

    init(columns: [Column] = []) {
        self.columns = columns
        positionsByName = Dictionary(grouping: columns.indices) { columns[$0].name.lowercased() }
    }

    /// The columns of one table. `fullName` is outermost first: namespace levels, then the table.
    init(_ schema: Schema, fullName: [String], alias: TableAliasSyntax?) throws(PlannerError) {
        let qualifiers = alias.map { [[$0.name.text]] } ?? fullName.indices.map { Array(fullName[$0...]) }
        let renamed = alias?.columns ?? []
        guard renamed.count <= schema.count else {
            throw PlannerError(
                .unlikeShape, "the alias names more columns than the table has",
                ["names": renamed.count, "columns": schema.count], at: renamed.last?.position)
        }
        self.init(
            columns: schema.fields.enumerated().map { index, field in
                Column(
                    qualifiers: qualifiers, name: index < renamed.count ? renamed[index].text : field.name,
                    type: field.type, isRequired: field.isRequired)
            })
    }

    /// A column, or fields inside one: the longest reading as a qualified column wins.
    func resolve(_ name: QualifiedName) throws(PlannerError) -> Expression {
        let texts = name.texts
        // `a.b.c`: first column c of table a.b, then field c of column b of table a, then c of b of column a.
        for qualifierCount in stride(from: texts.count - 1, through: 0, by: -1) {
            let qualifier = Array(texts[..<qualifierCount])
            let candidates = (positionsByName[texts[qualifierCount].lowercased()] ?? []).filter {
                qualifier.isEmpty || columns[$0].isCalled(qualifier)
            }
            switch NameMatch.find(texts[qualifierCount], among: candidates.map { columns[$0].name }) {
            case .found(let index):
                let position = candidates[index]
                var result = Expression.column(position, columns[position].type)
                for field in name.parts[(qualifierCount + 1)...] {
                    result = try FieldAccess.bind(result, field)
                }
                return result
            case .ambiguous:
                throw PlannerError(
                    .ambiguousColumn, "several columns have this name", ["column": "\(name)"],
                    at: name.position,
                    hint: "put the table's name before it")
            case .missing: continue
            }
        }
        throw unknown(name)
    }

    /// Positions of a table's columns; of all without a qualifier.
    func positions(of qualifier: QualifiedName?) throws(PlannerError) -> [Int] {
        guard let qualifier else { return Array(columns.indices) }
        let found = columns.indices.filter { columns[$0].isCalled(qualifier.texts) }
        guard !found.isEmpty else {
            let tables = columns.compactMap { $0.qualifiers.last?.last }
            throw PlannerError(
                .unknownTable, "no table of the query has this name", ["table": "\(qualifier)"],
                at: qualifier.position, hint: NameMatch.hint(qualifier.last.text, among: tables))
        }
        return found
    }

    private func unknown(_ name: QualifiedName) -> PlannerError {
        let last = name.last.text
        var hint = NameMatch.hint(
            name.parts.count == 1 ? last : name.parts[name.parts.count - 1].text,
            among: columns.map(\.name))
        if hint == nil {
            let shown = columns.prefix(8).map { "\(Identifier($0.name))" }.joined(separator: ", ")
            hint =
                columns.isEmpty
                ? "the query has no FROM" : "the columns are \(shown)\(columns.count > 8 ? ", …" : "")"
        }
        return PlannerError(
            .unknownColumn, "there is no such column", ["column": "\(name)"], at: name.position, hint: hint)
    }
}

extension Scope.Column {
    /// Whether the table answers to this name, whatever its case.
    fileprivate func isCalled(_ qualifier: [String]) -> Bool {
        let folded = qualifier.map { $0.lowercased() }
        return qualifiers.contains { $0.map { $0.lowercased() } == folded }
    }
}
