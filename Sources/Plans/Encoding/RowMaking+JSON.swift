import Columnar
import JSONText

extension Expansion {
    func encode(into object: inout JSONObject) {
        object["keys"] = .array(keys.map(\.json))
        object["sets"] = .array(sets.map { .array($0.map { JSONValue($0) }) })
        object["names"] = JSONValue(names)
    }

    init(_ members: PlanJSON) throws(PlansError) {
        let keys = try members.list("keys") { json throws(PlansError) in try Expression(json: json) }
        let names = try members.strings("names")
        guard names.count == keys.count + 1 else { throw members.malformed("names", "has another count") }
        var sets: [[Int]] = []
        for json in try members.array("sets") {
            let places = (json.array ?? []).compactMap { $0.integer.map { Int($0) } }
            guard places.count == json.array?.count, places.allSatisfy(keys.indices.contains) else {
                throw members.malformed("sets", "names keys that are not there")
            }
            sets.append(places)
        }
        self.init(keys: keys, sets: sets, names: names)
    }
}

extension Unnesting {
    func encode(into object: inout JSONObject) {
        object["items"] = .array(items.map(\.json))
        object["names"] = JSONValue(names)
        object["ordinality"] = .boolean(hasOrdinality)
        object["keeps_empty"] = .boolean(keepsEmpty)
    }

    init(_ members: PlanJSON) throws(PlansError) {
        let items = try members.list("items") { json throws(PlansError) in try Item(json: json) }
        let names = try members.strings("names")
        let hasOrdinality = try members.boolean("ordinality")
        guard names.count == items.reduce(hasOrdinality ? 1 : 0, { $0 + $1.types.count }) else {
            throw members.malformed("names", "has another count")
        }
        self.init(
            items: items, names: names, hasOrdinality: hasOrdinality,
            keepsEmpty: try members.boolean("keeps_empty"))
    }
}

extension Unnesting.Item {
    fileprivate var json: JSONValue {
        switch self {
        case .list(let value): ["list": value.json]
        case .map(let value): ["map": value.json]
        case .series(let from, let to, let step, let includesEnd):
            ["from": from.json, "to": to.json, "step": step.json, "includes_end": .boolean(includesEnd)]
        }
    }

    fileprivate init(json: JSONValue) throws(PlansError) {
        let members = try PlanJSON(json, of: "unnested item")
        func value(_ name: String) throws(PlansError) -> Expression {
            try Expression(json: try members.value(name))
        }
        if members.object["list"] != nil {
            self = .list(try value("list"))
        } else if members.object["map"] != nil {
            self = .map(try value("map"))
        } else {
            self = .series(
                from: try value("from"), to: try value("to"), step: try value("step"),
                includesEnd: try members.boolean("includes_end"))
        }
    }
}

extension WorkingTable {
    init(_ members: PlanJSON) throws(PlansError) {
        self.init(
            id: try members.integer("id"),
            schema: Schema(
                try members.list("fields") { json throws(PlansError) in try Field(planJSON: json) }))
    }
}
