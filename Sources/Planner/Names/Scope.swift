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
        /// A column that USING merged into another: read only with its table's name before it.
        var isMerged = false
        /// A column that `*` leaves out.
        var isHidden = false
    }

    /// By position in the input.
    private(set) var columns: [Column]
    /// Positions by name in lower case: wide tables have thousands of columns and long queries as many names.
    private let positionsByName: [String: [Int]]
    /// What `*` stands for, in its order.
    private let starPositions: [Int]

    init(columns: [Column] = [], star: [Int]? = nil) {
        self.columns = columns
        starPositions = star ?? Array(columns.indices)
        positionsByName = Dictionary(grouping: columns.indices) { columns[$0].name.lowercased() }
    }

    /// The columns of one table. `fullName` is outermost first: namespace levels, then the table. The last `hidden` columns
    /// are found by their names, not by `*`.
    init(
        _ schema: Schema, fullName: [String], alias: TableAliasSyntax?, hidden: Int = 0
    ) throws(PlannerError) {
        let qualifiers = alias.map { [[$0.name.text]] } ?? fullName.indices.map { Array(fullName[$0...]) }
        let renamed = alias?.columns ?? []
        let shown = schema.count - hidden
        guard renamed.count <= shown else {
            throw PlannerError(
                .unlikeShape, "the alias names more columns than the table has",
                ["names": renamed.count, "columns": shown], at: renamed.last?.position)
        }
        self.init(
            columns: schema.fields.enumerated().map { index, field in
                Column(
                    qualifiers: qualifiers, name: index < renamed.count ? renamed[index].text : field.name,
                    type: field.type, isRequired: field.isRequired, isHidden: index >= shown)
            }, star: Array(0..<shown))
    }

    /// A column, or fields inside one: the longest reading as a qualified column wins.
    func resolve(_ name: QualifiedName) throws(PlannerError) -> Expression {
        let texts = name.texts
        // `a.b.c`: first column c of table a.b, then field c of column b of table a, then c of b of column a.
        for qualifierCount in stride(from: texts.count - 1, through: 0, by: -1) {
            let qualifier = Array(texts[..<qualifierCount])
            let candidates = (positionsByName[texts[qualifierCount].lowercased()] ?? []).filter {
                qualifier.isEmpty ? !columns[$0].isMerged : columns[$0].isCalled(qualifier)
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

    /// The shortest name that stands for this column and for no other; nil where there is none.
    func name(of column: Int) -> QualifiedName? {
        name(of: column, behind: [[]] + columns[column].qualifiers.reversed())
    }

    private func name(of column: Int, behind qualifiers: [[String]]) -> QualifiedName? {
        let own = columns[column]
        for qualifier in qualifiers {
            let name = QualifiedName((qualifier + [own.name]).map { Identifier($0) })
            do throws(PlannerError) {
                if try resolve(name) == .column(column, own.type) { return name }
            } catch {
                // Another column has it too: the next one says more.
                continue
            }
        }
        return nil
    }

    /// The shortest name with a table before it that stands for this column and for no other; nil where there is none.
    func qualifiedName(of column: Int) -> QualifiedName? {
        let name = name(of: column, behind: columns[column].qualifiers.reversed())
        return name?.parts.count == 1 ? nil : name
    }

    /// Whether a bare name could one day be that of a column of another table.
    var hasSeveralTables: Bool { Set(columns.map { $0.qualifiers.first }).count > 1 }

    /// Positions of a table's columns; of all without a qualifier.
    func positions(of qualifier: QualifiedName?) throws(PlannerError) -> [Int] {
        guard let qualifier else { return starPositions }
        let found = columns.indices.filter {
            !columns[$0].isHidden && columns[$0].isCalled(qualifier.texts)
        }
        guard !found.isEmpty else {
            let tables = columns.compactMap { $0.qualifiers.last?.last }
            throw PlannerError(
                .unknownTable, "no table of the query has this name", ["table": "\(qualifier)"],
                at: qualifier.position, hint: NameMatch.hint(qualifier.last.text, among: tables))
        }
        guard Set(found.map { columns[$0].qualifiers.first }).count == 1 else {
            throw PlannerError(
                .ambiguousColumn, "several tables have this name", ["table": "\(qualifier)"],
                at: qualifier.position, hint: "put the namespace before it")
        }
        return found
    }

    /// The names under which tables may be told apart, in lower case.
    private var tableNames: Set<[String]> {
        Set(columns.compactMap { $0.qualifiers.first?.map { $0.lowercased() } })
    }

    /// Both sides of a join.
    ///
    /// - Errors: `unlikeShape` when a table of the right side has the name of one of the left.
    func joined(with right: Scope, at position: TextPosition) throws(PlannerError) -> Scope {
        if let name = tableNames.intersection(right.tableNames).first {
            throw PlannerError(
                .unlikeShape, "two tables of the query have this name",
                ["table": name.joined(separator: ".")], at: position,
                hint: "give one an alias: … AS other")
        }
        return Scope(
            columns: columns + right.columns,
            star: starPositions + right.starPositions.map { $0 + columns.count })
    }

    /// The fault for a name that is not here.
    func unknown(_ name: QualifiedName) -> PlannerError {
        if name.parts.count > 1, let fault = unknownTable(name) { return fault }
        let shown = candidates(for: name)
        var hint = nearest(name).map { "did you mean \(Identifier($0))?" }
        if hint == nil {
            let first = shown.prefix(8).map { "\(Identifier($0.name))" }.joined(separator: ", ")
            hint =
                shown.isEmpty
                ? "the query has no FROM" : "the columns are \(first)\(shown.count > 8 ? ", …" : "")"
        }
        return PlannerError(
            .unknownColumn, "there is no such column", ["column": "\(name)"], at: name.position, hint: hint)
    }
}

extension Scope {
    /// Whether a table here has the name that stands before the column's.
    func hasTable(of name: QualifiedName) -> Bool { table(of: name) != nil }

    private func table(of name: QualifiedName) -> [String]? {
        let texts = name.texts
        return (1..<max(1, texts.count)).reversed().map { Array(texts[..<$0]) }.first { qualifier in
            columns.contains { $0.isCalled(qualifier) }
        }
    }

    /// The column that was probably meant.
    func nearest(_ name: QualifiedName) -> String? {
        NearestName.find(name.last.text, among: candidates(for: name).map(\.name))
    }

    /// The columns the name could mean: those of its table.
    private func candidates(for name: QualifiedName) -> [Column] {
        let shown = columns.filter { !$0.isHidden }
        guard name.parts.count > 1 else { return shown }
        guard let table = table(of: name) else { return [] }
        return shown.filter { $0.isCalled(table) }
    }

    /// The fault of `x.a` where no table is called x; nil where one is, or where x could be a column.
    private func unknownTable(_ name: QualifiedName) -> PlannerError? {
        let texts = name.texts
        let tables = columns.compactMap { $0.qualifiers.last?.last }
        guard !hasTable(of: name), !tables.isEmpty, positionsByName[texts[0].lowercased()] == nil else {
            return nil
        }
        let named = name.parts[name.parts.count - 2].text
        var seen = Set<String>()
        let known = tables.filter { seen.insert($0).inserted }
        return PlannerError(
            .unknownColumn, "no table of the query has this name",
            ["table": texts.dropLast().joined(separator: ".")], at: name.position,
            hint: NameMatch.hint(named, among: known)
                ?? "the tables are \(known.prefix(8).map { "\(Identifier($0))" }.joined(separator: ", "))")
    }
}

extension Scope.Column {
    /// Whether the table answers to this name, whatever its case.
    fileprivate func isCalled(_ qualifier: [String]) -> Bool {
        let folded = qualifier.map { $0.lowercased() }
        return qualifiers.contains { $0.map { $0.lowercased() } == folded }
    }
}
