import Columnar
import Iceberg
import Planner
import SQLSyntax

/// Finds columns of a table by what people call them: exactly, then by the only name that differs in case.
struct ColumnLookup {
    let schema: IcebergSchema

    /// A column, or a field inside one: `address.city`, `tags.element.name`, `prices.value`.
    ///
    /// - Errors: `PLA-101`, `PLA-102`, `PLA-114`, with the place and a guess.
    func find(_ path: QualifiedName) throws -> Field {
        var field = try match(path.parts[0], among: schema.fields, code: .unknownColumn)
        for part in path.parts.dropFirst() {
            field = try match(part, among: Self.inside(field), code: .unknownField)
        }
        return field
    }

    func exists(_ path: QualifiedName) throws -> Bool {
        do {
            _ = try find(path)
            return true
        } catch let fault as PlannerError where fault.code == .unknownColumn || fault.code == .unknownField {
            return false
        }
    }

    /// The fields among which a path's last part stands, and the one around them.
    func siblings(of path: QualifiedName) throws -> (parent: Field?, fields: [Field]) {
        guard path.parts.count > 1 else { return (nil, schema.fields) }
        let parent = try find(QualifiedName(Array(path.parts.dropLast())))
        return (parent, Self.inside(parent))
    }

    func match(_ name: Identifier, among fields: [Field], code: PlannerError.Code) throws -> Field {
        let exact = fields.filter { $0.name == name.text }
        let found = exact.isEmpty ? fields.filter { $0.name.lowercased() == name.text.lowercased() } : exact
        if found.count == 1 { return found[0] }
        guard found.isEmpty else {
            throw PlannerError(
                .ambiguousColumn, "several columns have this name", ["column": "\(name)"], at: name.position)
        }
        throw PlannerError(
            code, code == .unknownField ? "the column has no such field" : "the table has no such column",
            ["column": "\(name)"], at: name.position,
            hint: NearestName.find(name.text, among: fields.map(\.name)).map {
                "did you mean \(Identifier($0))?"
            })
    }

    static func inside(_ field: Field) -> [Field] {
        switch field.type {
        case .structure(let fields): fields
        case .list(let element): [element]
        case .map(let key, let value): [key, value]
        default: []
        }
    }
}
