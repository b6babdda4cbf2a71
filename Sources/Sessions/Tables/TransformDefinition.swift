import Columnar
import Iceberg
import Planner
import SQLSyntax

/// Turns partition and sort clauses into what a table keeps.
struct TransformDefinition {
    let schema: IcebergSchema

    /// - Errors: `PLA-…` with the place: an unknown column or transform, a type the transform does not take.
    func partition(_ syntax: PartitionSyntax) throws -> PartitionField {
        let (field, transform) = try resolve(syntax.transform)
        if schema.place(ofFieldID: field.id ?? 0)?.isRepeated == true {
            throw PlannerError(
                .typeMismatch, "a table cannot be partitioned by what is inside a list or map",
                ["column": "\(syntax.transform.column)"], at: syntax.transform.position)
        }
        let name = syntax.name?.text ?? Self.defaultName(path(of: field), transform)
        return PartitionField(sourceID: field.id ?? 0, name: name, transform: transform)
    }

    /// - Errors: as `partition`.
    func sortField(_ syntax: SortFieldSyntax) throws -> SortField {
        let (field, transform) = try resolve(syntax.transform)
        return SortField(
            sourceID: field.id ?? 0, transform: transform, isDescending: syntax.isDescending,
            nullsFirst: syntax.nullsFirst ?? syntax.isDescending)
    }

    func order(_ fields: [SortFieldSyntax]) throws -> SortOrder {
        if fields.isEmpty { return .unsorted }
        return SortOrder(orderID: 1, fields: try fields.map(sortField))
    }

    func spec(_ fields: [PartitionSyntax]) throws -> PartitionSpec {
        var spec = PartitionSpec()
        for syntax in fields {
            let field = try partition(syntax)
            if spec.fields.contains(where: { $0.name == field.name }) {
                throw PlannerError(
                    .unlikeShape, "two partition fields have one name", ["name": field.name],
                    at: syntax.transform.position, hint: "give one a name: \(field.transform) … AS name")
            }
            spec.fields.append(field)
        }
        return spec
    }

    /// The field of `spec` that is named, or that has this column and transform; nil when there is none.
    func find(_ syntax: TransformSyntax, in spec: PartitionSpec) throws -> Int? {
        if syntax.function == nil, syntax.column.parts.count == 1 {
            let name = syntax.column.last.text
            if let index = spec.fields.firstIndex(where: { $0.name == name }) { return index }
            let similar = spec.fields.indices.filter {
                spec.fields[$0].name.lowercased() == name.lowercased()
            }
            if similar.count == 1 { return similar[0] }
            if try !ColumnLookup(schema: schema).exists(syntax.column) { return nil }
        }
        let (field, transform) = try resolve(syntax)
        return spec.fields.firstIndex { $0.sourceID == field.id && $0.transform == transform }
    }

    private func path(of field: Field) -> String {
        schema.place(ofFieldID: field.id ?? 0)?.path ?? field.name
    }

    /// The names Iceberg's own builders choose.
    static func defaultName(_ column: String, _ transform: Transform) -> String {
        switch transform {
        case .identity, .unknown: column
        case .bucket: column + "_bucket"
        case .truncate: column + "_trunc"
        case .void: column + "_null"
        case .year, .month, .day, .hour: "\(column)_\(transform)"
        }
    }

    private func resolve(_ syntax: TransformSyntax) throws -> (Field, Transform) {
        let field = try ColumnLookup(schema: schema).find(syntax.column)
        let transform = try transform(syntax)
        guard transform.resultType(of: field.type) != nil else {
            throw PlannerError(
                .typeMismatch, "the transform \(transform) does not take \(field.type)",
                ["column": "\(syntax.column)"], at: syntax.position)
        }
        return (field, transform)
    }

    private static let plain: [String: Transform] = [
        "identity": .identity, "year": .year, "years": .year, "month": .month, "months": .month, "day": .day,
        "days": .day, "date": .day, "hour": .hour, "hours": .hour, "date_hour": .hour, "void": .void,
    ]

    private func transform(_ syntax: TransformSyntax) throws -> Transform {
        guard let function = syntax.function else { return .identity }
        let name = function.text.lowercased()
        if let known = Self.plain[name] {
            guard syntax.argument == nil else {
                throw PlannerError(
                    .wrongArgumentCount, "the transform takes a column alone", ["transform": name],
                    at: function.position)
            }
            return known
        }
        guard ["bucket", "truncate", "trunc"].contains(name) else {
            throw PlannerError(
                .unknownFunction, "there is no such transform", ["transform": function.text],
                at: function.position,
                hint: NearestName.find(name, among: Self.plain.keys.sorted() + ["bucket", "truncate"])
                    .map { "did you mean \($0)?" }
                    ?? "transforms are year, month, day, hour, bucket(n, …), truncate(n, …), identity, void")
        }
        guard let argument = syntax.argument, argument > 0 else {
            throw PlannerError(
                .wrongArgumentCount, "the transform takes a number above zero and a column",
                ["transform": name], at: function.position, hint: "write \(name)(16, \(syntax.column))")
        }
        return name == "bucket" ? .bucket(argument) : .truncate(argument)
    }
}
