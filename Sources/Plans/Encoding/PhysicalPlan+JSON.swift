import Columnar
package import JSONText

extension PhysicalPlan {
    /// The version of the form below; a plan of another version is refused.
    package static let encodingVersion = 1

    /// `{"version": 1, "plan": {"node": "limit", …, "inputs": [{"node": "scan", …}]}}`
    package var encoded: JSONValue { ["version": JSONValue(Self.encodingVersion), "plan": json] }

    /// - Errors: `PLN-101`, `PLN-102`; never traps, whatever the document.
    package init(encoded json: JSONValue) throws(PlansError) {
        let members = try PlanJSON(json, of: "plan")
        guard try members.integer("version") == Self.encodingVersion else {
            throw members.malformed("version", "is not the one this build reads")
        }
        self = try PhysicalPlan(json: try members.value("plan"))
        try check()
    }

    private var json: JSONValue {
        var object: JSONObject = ["node": .string(nodeName)]
        switch self {
        case .values(let values): values.encode(into: &object)
        case .scan(let scan): scan.encode(into: &object)
        case .filter(let condition, _): object["condition"] = condition.json
        case .project(let projection, _):
            object["expressions"] = .array(projection.expressions.map(\.json))
            object["names"] = JSONValue(projection.names)
        case .aggregate(let aggregation, _): aggregation.encode(into: &object)
        case .window(let windowing, _): windowing.encode(into: &object)
        case .expand(let expansion, _): expansion.encode(into: &object)
        case .unnest(let unnesting, _): unnesting.encode(into: &object)
        case .recursion(let recursion, _, _):
            object["id"] = JSONValue(recursion.id)
            object["distinct"] = .boolean(recursion.isDistinct)
        case .workingTable(let table):
            object["id"] = JSONValue(table.id)
            object["fields"] = .array(table.schema.fields.map(\.planJSON))
        case .sharing(let ids, _, _): object["ids"] = .array(ids.map { JSONValue($0) })
        case .shared(let rows):
            object["id"] = JSONValue(rows.id)
            object["fields"] = .array(rows.schema.fields.map(\.planJSON))
        case .sort(let keys, _): object["keys"] = .array(keys.map(\.json))
        case .topN(let keys, let offset, let count, let keepsTies, _):
            object["keys"] = .array(keys.map(\.json))
            object["offset"] = JSONValue(offset)
            object["count"] = JSONValue(count)
            if keepsTies { object["ties"] = .boolean(true) }
        case .limit(let window, _):
            object["offset"] = JSONValue(window.offset)
            if let count = window.count { object["count"] = JSONValue(count) }
        case .union: break
        case .join(let join, _, _): join.encode(into: &object)
        case .numberRows(let keys, _): object["keys"] = .array(keys.map(\.json))
        }
        if !inputs.isEmpty { object["inputs"] = .array(inputs.map(\.json)) }
        return .object(object)
    }

    private var nodeName: String {
        switch self {
        case .values: "values"
        case .scan: "scan"
        case .filter: "filter"
        case .project: "project"
        case .aggregate: "aggregate"
        case .window: "window"
        case .expand: "expand"
        case .unnest: "unnest"
        case .recursion: "recursion"
        case .workingTable: "working_table"
        case .sharing: "sharing"
        case .shared: "shared"
        case .sort: "sort"
        case .topN: "top_n"
        case .limit: "limit"
        case .union: "union"
        case .join: "join"
        case .numberRows: "number_rows"
        }
    }

    private init(json: JSONValue) throws(PlansError) {
        let members = try PlanJSON(json, of: "plan node")
        var inputs: [PhysicalPlan] = []
        if members.object["inputs"] != nil {
            inputs = try members.list("inputs") { json throws(PlansError) in try PhysicalPlan(json: json) }
        }
        self = try Self.decode(try members.string("node"), members, inputs)
    }

    private static func decode(
        _ name: String, _ members: PlanJSON, _ inputs: [PhysicalPlan]
    ) throws(PlansError) -> PhysicalPlan {
        if name == "values" { return .values(try ValueRows(members)) }
        if name == "scan" { return .scan(try TableScan(members)) }
        if name == "working_table" { return .workingTable(try WorkingTable(members)) }
        if name == "shared" { return .shared(try SharedRows(members)) }
        if name == "sharing" { return try decodeSharing(members, inputs) }
        let isBinary = name == "join" || name == "recursion"
        guard let input = inputs.first, name == "union" || inputs.count == (isBinary ? 2 : 1) else {
            throw members.malformed("inputs", "has another count than the node takes")
        }
        switch name {
        case "union": return .union(inputs)
        case "join": return .join(try Join(members), input, inputs[1])
        case "filter": return .filter(try Expression(json: try members.value("condition")), input)
        case "project":
            let expressions = try members.list("expressions") { json throws(PlansError) in
                try Expression(json: json)
            }
            let names = try members.strings("names")
            guard names.count == expressions.count else {
                throw members.malformed("names", "has another count")
            }
            return .project(Projection(expressions, names: names), input)
        case "aggregate": return .aggregate(try Aggregation(members), input)
        case "expand": return .expand(try Expansion(members), input)
        case "unnest": return .unnest(try Unnesting(members), input)
        case "recursion":
            let recursion = Recursion(
                id: try members.integer("id"), isDistinct: try members.boolean("distinct"))
            return .recursion(recursion, base: input, step: inputs[1])
        case "window": return .window(try Windowing(members), input)
        case "sort": return .sort(try members.sortKeys(), input)
        case "top_n":
            let (offset, count) = (try members.integer("offset"), try members.integer("count"))
            guard offset >= 0, count >= 0 else { throw members.malformed("count", "is negative") }
            return .topN(
                try members.sortKeys(), offset: offset, count: count,
                keepsTies: members.object["ties"]?.boolean == true, input)
        case "number_rows":
            let keys = try members.list("keys") { json throws(PlansError) in try Expression(json: json) }
            return .numberRows(keys, input)
        case "limit":
            let count = members.object["count"]?.integer.map { Int($0) }
            let offset = try members.integer("offset")
            guard offset >= 0, count ?? 0 >= 0 else { throw members.malformed("count", "is negative") }
            return .limit(RowWindow(offset: offset, count: count), input)
        default: throw members.malformed("node", "names no node of this build")
        }
    }
}

extension PlanJSON {
    fileprivate func sortKeys() throws(PlansError) -> [SortKey] {
        try list("keys") { json throws(PlansError) in try SortKey(json: json) }
    }
}

extension ValueRows {
    fileprivate func encode(into object: inout JSONObject) {
        object["fields"] = .array(schema.fields.map(\.planJSON))
        object["rows"] = .array(rows.map { .array($0.map(\.planJSON)) })
    }

    fileprivate init(_ members: PlanJSON) throws(PlansError) {
        let fields = try members.list("fields") { json throws(PlansError) in try Field(planJSON: json) }
        var rows: [[Scalar]] = []
        for json in try members.array("rows") {
            var row: [Scalar] = []
            for value in json.array ?? [] { row.append(try Scalar(planJSON: value)) }
            guard row.count == fields.count, zip(row, fields).allSatisfy({ $0.fits($1.type) }) else {
                throw members.malformed("rows", "does not fit the fields")
            }
            rows.append(row)
        }
        self.init(schema: Schema(fields), rows: rows)
    }
}

extension TableScan {
    fileprivate func encode(into object: inout JSONObject) {
        object["warehouse"] = .string(warehouse)
        object["namespace"] = JSONValue(namespace)
        object["table"] = .string(table)
        object["metadata_location"] = .string(metadataLocation)
        if let snapshotID { object["snapshot_id"] = JSONValue(snapshotID) }
        object["fields"] = .array(fields.map(\.planJSON))
        if let filter { object["filter"] = filter.json }
        if !runtimeFilters.isEmpty {
            object["runtime_filters"] = .array(
                runtimeFilters.map { ["channel": JSONValue($0.channel), "column": JSONValue($0.column)] })
        }
        if let limitHint { object["limit_hint"] = JSONValue(limitHint) }
        if let estimatedRowCount { object["estimated_rows"] = JSONValue(estimatedRowCount) }
        if let expectedRowCount { object["expected_rows"] = JSONValue(expectedRowCount) }
    }

    fileprivate init(_ members: PlanJSON) throws(PlansError) {
        self.init(
            warehouse: try members.string("warehouse"), namespace: try members.strings("namespace"),
            table: try members.string("table"), metadataLocation: try members.string("metadata_location"),
            snapshotID: members.object["snapshot_id"]?.integer,
            fields: try members.list("fields") { json throws(PlansError) in try Field(planJSON: json) })
        filter = try members.optional("filter") { json throws(PlansError) in try Expression(json: json) }
        if members.object["runtime_filters"] != nil {
            runtimeFilters = try members.list("runtime_filters") { json throws(PlansError) in
                let filter = try PlanJSON(json, of: "runtime filter")
                return RuntimeFilter(
                    channel: try filter.integer("channel"), column: try filter.integer("column"))
            }
        }
        limitHint = members.object["limit_hint"]?.integer.map { Int($0) }
        estimatedRowCount = members.object["estimated_rows"]?.integer.map { Int($0) }
        expectedRowCount = members.object["expected_rows"]?.integer.map { Int($0) }
    }
}

extension Join {
    fileprivate func encode(into object: inout JSONObject) {
        object["kind"] = .string(kind.rawValue)
        if case .single(let place?) = kind { object["at"] = place.json }
        object["left_keys"] = .array(leftKeys.map(\.json))
        object["right_keys"] = .array(rightKeys.map(\.json))
        object["nulls_match"] = .array(nullsMatch.map { .boolean($0) })
        if !channels.isEmpty {
            object["channels"] = .array(channels.map { $0.map { JSONValue($0) } ?? .null })
        }
        if let residual { object["residual"] = residual.json }
        if let membership { object["membership"] = [membership.left.json, membership.right.json] }
        if let expectedRowCount { object["expected_rows"] = JSONValue(expectedRowCount) }
    }

    fileprivate init(_ members: PlanJSON) throws(PlansError) {
        guard var kind = JoinKind(rawValue: try members.string("kind")) else {
            throw members.malformed("kind", "is none")
        }
        if case .single = kind {
            kind = .single(
                try members.optional("at") { json throws(PlansError) in try SourcePlace(json: json) })
        }
        let decode = { (json: JSONValue) throws(PlansError) in try Expression(json: json) }
        self.init(
            kind, leftKeys: try members.list("left_keys", decode),
            rightKeys: try members.list("right_keys", decode),
            nullsMatch: try members.array("nulls_match").map { $0.boolean ?? false },
            residual: try members.optional("residual", decode))
        if members.object["channels"] != nil {
            channels = try members.array("channels").map { $0.integer.map { Int($0) } }
        }
        if members.object["membership"] != nil {
            let sides = try members.list("membership", decode)
            guard sides.count == 2 else { throw members.malformed("membership", "has another count") }
            membership = Membership(left: sides[0], right: sides[1])
        }
    }
}

extension Aggregation {
    fileprivate func encode(into object: inout JSONObject) {
        object["phase"] = .string(phase.rawValue)
        object["keys"] = .array(keys.map(\.json))
        object["calls"] = .array(calls.map(\.json))
        object["names"] = JSONValue(names)
        if !rowsIfEmpty.isEmpty {
            object["rows_if_empty"] = .array(rowsIfEmpty.map { .array($0.map(\.planJSON)) })
        }
    }

    fileprivate init(_ members: PlanJSON) throws(PlansError) {
        guard let phase = Phase(rawValue: try members.string("phase")) else {
            throw members.malformed("phase", "is none")
        }
        let keys = try members.list("keys") { json throws(PlansError) in try Expression(json: json) }
        let calls = try members.list("calls") { json throws(PlansError) in try AggregateCall(json: json) }
        let names = try members.strings("names")
        guard names.count == keys.count + calls.count else {
            throw members.malformed("names", "has another count")
        }
        self.init(phase: phase, keys: keys, calls: calls, names: names)
        guard members.object["rows_if_empty"] != nil else { return }
        for json in try members.array("rows_if_empty") {
            var row: [Scalar] = []
            for value in json.array ?? [] { row.append(try Scalar(planJSON: value)) }
            guard row.count == schema.count, zip(row, schema.fields).allSatisfy({ $0.fits($1.type) }) else {
                throw members.malformed("rows_if_empty", "does not fit the columns")
            }
            rowsIfEmpty.append(row)
        }
    }
}
