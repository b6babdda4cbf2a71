import Columnar
import JSONText
import Kernels

extension Windowing {
    func encode(into object: inout JSONObject) {
        object["partition"] = .array(partition.map(\.json))
        object["order"] = .array(order.map(\.json))
        object["calls"] = .array(calls.map(\.json))
        object["names"] = JSONValue(names)
    }

    init(_ members: PlanJSON) throws(PlansError) {
        let calls = try members.list("calls") { json throws(PlansError) in try WindowCall(json: json) }
        let names = try members.strings("names")
        guard names.count == calls.count else { throw members.malformed("names", "has another count") }
        self.init(
            partition: try members.list("partition") { json throws(PlansError) in try Expression(json: json)
            },
            order: try members.list("order") { json throws(PlansError) in try SortKey(json: json) },
            calls: calls, names: names)
    }
}

extension WindowCall {
    fileprivate var json: JSONValue {
        var object: JSONObject = ["arguments": .array(arguments.map(\.json)), "type": type.planJSON]
        switch function {
        case .window(let function): object["window"] = JSONValue(function.rawValue)
        case .aggregate(let function): object["aggregate"] = JSONValue(function.rawValue)
        }
        if isDistinct { object["distinct"] = true }
        if ignoresNulls { object["ignore_nulls"] = true }
        if let filter { object["filter"] = filter.json }
        if !order.isEmpty { object["order"] = .array(order.map(\.json)) }
        object["frame"] = JSONValue(
            [frame.unit.rawValue, frame.start.rawValue, frame.end.rawValue, frame.exclusion.rawValue])
        if let start { object["start"] = start.json }
        if let end { object["end"] = end.json }
        if let rangeKey { object["range_key"] = rangeKey.json }
        if let place { object["at"] = place.json }
        return .object(object)
    }

    fileprivate init(json: JSONValue) throws(PlansError) {
        let members = try PlanJSON(json, of: "window function")
        let decode = { (json: JSONValue) throws(PlansError) in try Expression(json: json) }
        self.init(
            try Self.function(members), try members.list("arguments", decode),
            type: try DataType(planJSON: try members.value("type")))
        isDistinct = members.object["distinct"]?.boolean ?? false
        ignoresNulls = members.object["ignore_nulls"]?.boolean ?? false
        filter = try members.optional("filter", decode)
        if members.object["order"] != nil {
            order = try members.list("order") { json throws(PlansError) in try SortKey(json: json) }
        }
        let words = try members.strings("frame")
        guard words.count == 4, let unit = WindowFrame.Unit(rawValue: words[0]),
            let first = WindowFrame.Bound(rawValue: words[1]),
            let last = WindowFrame.Bound(rawValue: words[2]),
            let exclusion = WindowFrame.Exclusion(rawValue: words[3])
        else { throw members.malformed("frame", "is none") }
        frame = WindowFrame(unit, first, last, exclusion: exclusion)
        start = try members.optional("start", decode)
        end = try members.optional("end", decode)
        rangeKey = try members.optional("range_key", decode)
        place = try members.optional("at") { json throws(PlansError) in try SourcePlace(json: json) }
    }

    private static func function(_ members: PlanJSON) throws(PlansError) -> Function {
        if members.object["window"] != nil {
            guard let id = Int32(exactly: try members.integer("window")),
                let function = WindowFunction(rawValue: id)
            else { throw members.malformed("window", "names no function of this build") }
            return .window(function)
        }
        guard let id = Int32(exactly: try members.integer("aggregate")),
            let function = AggregateFunction(rawValue: id)
        else { throw members.malformed("aggregate", "names no aggregate of this build") }
        return .aggregate(function)
    }
}
