import Columnar
import Plans

/// Makes an answer's columns ready for rows as objects: every name once, every type one a client knows.
enum OutputNames {
    /// `a, a` becomes `a, a_1`; a bare NULL becomes text, as in PostgreSQL.
    ///
    /// Names are the same when their bytes are. As those of a table that is made they are the same also where only the way
    /// differs in which a letter is composed: no table has both.
    static func settle(_ plan: LogicalPlan, asTable: Bool = false) -> LogicalPlan {
        let fields = plan.schema.fields
        var seen = Set<[UInt8]>()
        var letters = Set<String>()
        var names: [String] = []
        for field in fields {
            var name = field.name
            var number = 1
            while !(asTable ? letters.insert(name).inserted : seen.insert(Array(name.utf8)).inserted) {
                name = "\(field.name)_\(number)"
                number += 1
            }
            names.append(name)
        }
        guard names != fields.map(\.name) || fields.contains(where: { $0.type == .null }) else { return plan }
        let values = fields.enumerated().map { index, field -> Expression in
            field.type == .null ? .null(.string) : .column(index, field.type)
        }
        return .project(Projection(values, names: names), plan)
    }
}
