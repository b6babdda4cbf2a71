import Columnar
package import JSONText

extension ScanFilter {
    /// Reads a filter in the form of value expressions (`child`, `left`, `right`) or the deprecated one (`term`, `value`).
    ///
    ///     {"type": "gt", "left": {"type": "reference", "name": "id"}, "right": 5}
    ///     {"type": "gt", "term": "id", "value": 5}
    ///
    /// - Errors: `ICE-101` for a form nobody knows, `ICE-111` for an unknown column or a literal that is none of its type.
    package init(json: JSONValue, names: FieldNames) throws(IcebergError) {
        self = try FilterReader(names: names).filter(json, isNegated: false)
    }
}

private struct FilterReader {
    let names: FieldNames

    /// One side of a test.
    enum Operand {
        case column(FieldPlace)
        case literal(FilterLiteral)
        /// Only the client can evaluate it.
        case foreign
    }

    /// NOT is pushed down to the tests on the way, so that each part can be decided by itself.
    func filter(_ json: JSONValue, isNegated: Bool) throws(IcebergError) -> ScanFilter {
        if let value = json.boolean { return value != isNegated ? .always : .never }
        let members = try JSONMembers(json, of: "filter")
        let type = try members.string("type").lowercased()
        switch type {
        case "true", "false": return (type == "true") != isNegated ? .always : .never
        case "literal":
            return try members.boolean("value") != isNegated ? .always : .never
        case "and", "or":
            let left = try filter(members.required("left"), isNegated: isNegated)
            let right = try filter(members.required("right"), isNegated: isNegated)
            return (type == "and") != isNegated
                ? ScanFilter.both(left, right) : ScanFilter.either(left, right)
        case "not": return try filter(members.required("child"), isNegated: !isNegated)
        default: break
        }
        let text: JSONValue = isNegated ? ["type": "not", "child": json] : json
        guard let predicate = try test(type, members) else { return .foreign(text: text) }
        switch isNegated ? Predicate.not(predicate).normalized : predicate {
        case .always: return .always
        case .never: return .never
        case let test: return .test(test, text: text)
        }
    }

    /// Nil when only the client can evaluate it.
    private func test(_ type: String, _ members: JSONMembers) throws(IcebergError) -> Predicate? {
        switch type {
        case "is-null", "not-null", "is-nan", "not-nan": return try unaryTest(type, members)
        case "in", "not-in":
            let literals = try FilterLiteral.list(members.required("values"))
            guard let (id, dataType) = try target(operand(members, "child")) else { return nil }
            let values = try literals.mapped { (literal) throws(IcebergError) in
                try literal.scalar(of: dataType)
            }
            return type == "in" ? .isIn(fieldID: id, values) : .isNotIn(fieldID: id, values)
        case "lt", "lt-eq", "gt", "gt-eq", "eq", "not-eq", "starts-with", "not-starts-with":
            return try comparison(type, members)
        default: throw IcebergError(.malformed, "the filter has an operation nobody knows", ["type": type])
        }
    }

    private func unaryTest(_ type: String, _ members: JSONMembers) throws(IcebergError) -> Predicate? {
        guard case .column(let place) = try operand(members, "child"), let id = place.field.id,
            !place.isRepeated, !place.field.type.isNested
        else { return nil }
        switch type {
        case "is-null": return .isNull(fieldID: id)
        case "not-null": return .isNotNull(fieldID: id)
        case "is-nan": return place.field.type.isFloating ? .isNaN(fieldID: id) : .never
        default: return place.field.type.isFloating ? .isNotNaN(fieldID: id) : .always
        }
    }

    private func comparison(_ type: String, _ members: JSONMembers) throws(IcebergError) -> Predicate? {
        let left = try operand(members, "left")
        let right: Operand
        if let json = members["right"] {
            right = try operand(json)
        } else {
            right = .literal(FilterLiteral(try members.required("value")))
        }
        var (column, literal, isFlipped) = (left, right, false)
        if case .literal = left { (column, literal, isFlipped) = (right, left, true) }
        guard case .literal(let wanted) = literal, let (id, dataType) = try target(column) else { return nil }
        if type == "starts-with" || type == "not-starts-with" {
            // `'abc' STARTS WITH column` is no question that bounds answer.
            if isFlipped { return nil }
            guard dataType == .string, case .string(let prefix) = try wanted.scalar(of: .string) else {
                throw IcebergError(
                    .invalidScan, "starts-with compares text", ["type": dataType, "operation": type])
            }
            return type == "starts-with"
                ? .startsWith(fieldID: id, prefix) : .doesNotStartWith(fieldID: id, prefix)
        }
        guard let comparison = Self.comparisons[type] else { preconditionFailure("asked for \(type)") }
        return .compare(
            fieldID: id, isFlipped ? Self.flipped(comparison) : comparison, try wanted.scalar(of: dataType))
    }

    private static let comparisons: [String: Predicate.Comparison] = [
        "lt": .less, "lt-eq": .lessOrEqual, "gt": .greater, "gt-eq": .greaterOrEqual, "eq": .equal,
        "not-eq": .notEqual,
    ]

    private static func flipped(_ comparison: Predicate.Comparison) -> Predicate.Comparison {
        switch comparison {
        case .less: .greater
        case .lessOrEqual: .greaterOrEqual
        case .greater: .less
        case .greaterOrEqual: .lessOrEqual
        case .equal, .notEqual: comparison
        }
    }

    /// Nil for columns whose values no bound or partition tells of.
    private func target(_ operand: Operand) throws(IcebergError) -> (id: Int, type: DataType)? {
        guard case .column(let place) = operand, let id = place.field.id, !place.isRepeated else {
            return nil
        }
        switch place.field.type {
        case .structure, .list, .map:
            throw IcebergError(.invalidScan, "a nested column cannot be compared", ["column": place.path])
        case .null, .json, .interval: return nil
        case let type: return (id, type)
        }
    }

    /// The operand under its name of today, or under `term`, where a bare string is a column and not a literal.
    private func operand(_ members: JSONMembers, _ name: String) throws(IcebergError) -> Operand {
        if let json = members[name] { return try operand(json) }
        let term = try members.required("term")
        if let text = term.string { return .column(try names.place(named: text)) }
        return try operand(term)
    }

    private func operand(_ json: JSONValue) throws(IcebergError) -> Operand {
        guard case .object = json else { return .literal(FilterLiteral(json)) }
        let members = try JSONMembers(json, of: "value expression")
        switch try members.string("type") {
        case "literal": return Operand.literal(try FilterLiteral(object: members))
        case "reference":
            if let id = try members.optionalInteger("id") { return .column(try names.place(withID: id)) }
            if let name = try members.optionalString("name") { return .column(try names.place(named: name)) }
            return .column(try names.place(named: members.string("term")))
        case "transform":
            let term = try members.required("term")
            if let name = term.string { _ = try names.place(named: name) } else { _ = try operand(term) }
            return .foreign
        case "apply":
            for argument in try members.array("arguments") where argument["type"]?.string == "reference" {
                _ = try operand(argument)
            }
            return .foreign
        case let type:
            throw IcebergError(.malformed, "the filter has a value of a kind nobody knows", ["type": type])
        }
    }
}
