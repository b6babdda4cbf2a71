import Columnar
import JSONText

extension SharedRows {
    init(_ members: PlanJSON) throws(PlansError) {
        self.init(
            id: try members.integer("id"),
            schema: Schema(
                try members.list("fields") { json throws(PlansError) in try Field(planJSON: json) }))
    }
}

extension PhysicalPlan {
    static func decodeSharing(
        _ members: PlanJSON, _ inputs: [PhysicalPlan]
    ) throws(PlansError) -> PhysicalPlan {
        let ids = try members.list("ids") { json throws(PlansError) -> Int in
            guard let id = json.integer else {
                throw members.malformed("ids", "holds something other than integers")
            }
            return Int(id)
        }
        guard let body = inputs.last, inputs.count == ids.count + 1 else {
            throw members.malformed("inputs", "has another count than the node takes")
        }
        return .sharing(ids: ids, queries: inputs.dropLast(), body: body)
    }
}
