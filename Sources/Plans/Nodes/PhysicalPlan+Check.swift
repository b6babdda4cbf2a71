import Columnar
import Kernels

extension PhysicalPlan {
    /// Checks what operators rely on: columns exist under the type they are read as, conditions are boolean.
    ///
    /// The last step of planning, and the first after decoding.
    ///
    /// - Errors: `PLN-102`.
    package func check() throws(PlansError) { _ = try checked([:]) }

    /// The schema, once all below has been checked: made on the way up, since each node's is its inputs' and a little more.
    ///
    /// - Parameter shared: The columns of the queries that may be read here, by their ids.
    private func checked(_ shared: [Int: [DataType]]) throws(PlansError) -> Schema {
        var schemas: [Schema] = []
        var readable = shared
        for (index, input) in inputs.enumerated() {
            schemas.append(try input.checked(readable))
            // A query is read behind it: there are no circles.
            if case .sharing(let ids, _, _) = self, index < ids.count {
                readable[ids[index]] = schemas[index].fields.map(\.type)
            }
        }
        if case .shared(let rows) = self {
            try require(
                shared[rows.id] == rows.schema.fields.map(\.type), "shared rows are read as what they are")
        }
        try check(over: schemas)
        return schema { schemas[$0] }
    }

    private func check(over inputs: [Schema]) throws(PlansError) {
        let input = inputs.first ?? Schema([])
        switch self {
        case .values(let values):
            try require(
                values.rows.allSatisfy { $0.count == values.schema.count }, "a row is as wide as the schema")
        case .scan(let scan):
            if let filter = scan.filter { try checkCondition(filter, over: scan.schema) }
            try require(
                scan.runtimeFilters.allSatisfy {
                    scan.fields.indices.contains($0.column) && KeyFilter.isFor(scan.fields[$0.column].type)
                }, "a runtime filter is of a column of whole numbers")
        case .filter(let condition, _): try checkCondition(condition, over: input)
        case .project(let projection, _): try check(projection.expressions, over: input)
        case .aggregate(let aggregation, _):
            // A final phase reads keys and states by position.
            if aggregation.phase != .final {
                try check(aggregation.keys + aggregation.calls.flatMap(\.expressions), over: input)
                for call in aggregation.calls {
                    if let filter = call.filter { try checkCondition(filter, over: input) }
                }
            }
        case .window(let windowing, _): try check(windowing, over: input)
        case .expand(let expansion, _):
            try check(expansion.keys, over: input)
            try require(
                expansion.sets.joined().allSatisfy { expansion.keys.indices.contains($0) },
                "a grouping set names keys that are there")
        case .unnest(let unnesting, _): try check(unnesting, over: input)
        case .recursion:
            try require(
                inputs[0].fields.map(\.type) == inputs[1].fields.map(\.type),
                "both parts of a recursion have the same types")
        case .workingTable, .shared: break
        case .sharing(let ids, let queries, _):
            try require(ids.count == queries.count, "every shared query has an id")
            try require(Set(ids).count == ids.count, "shared queries have different ids")
        case .sort(let keys, _), .topN(let keys, _, _, _, _): try check(keys.map(\.expression), over: input)
        case .limit: break
        case .union:
            let types = inputs.map { $0.fields.map(\.type) }
            try require(types.allSatisfy { $0 == types[0] }, "all inputs of a union have the same types")
        case .join(let join, _, _): try check(join, inputs[0], inputs[1])
        case .numberRows(let keys, _): try check(keys, over: input)
        }
    }

    private func check(_ join: Join, _ left: Schema, _ right: Schema) throws(PlansError) {
        try require(
            join.leftKeys.map(\.type) == join.rightKeys.map(\.type), "both sides of a join key have one type")
        try check(join.leftKeys, over: left)
        try check(join.rightKeys, over: right)
        try require(join.nullsMatch.count == join.leftKeys.count, "every join key says whether nulls match")
        try require(
            join.channels.isEmpty
                || join.channels.count == join.leftKeys.count && !join.kind.keepsLeft
                    && zip(join.channels, join.rightKeys).allSatisfy {
                        $0 == nil || KeyFilter.isFor($1.type)
                    },
            "a join tells whole numbers to scans, and gives no left row without a partner")
        if let residual = join.residual { try checkCondition(residual, over: Join.pairSchema(left, right)) }
        if let membership = join.membership {
            try require(
                join.kind == .mark && join.residual == nil && membership.left.type == membership.right.type,
                "a mark join decides by one equality or by a condition")
            try check([membership.left], over: left)
            try check([membership.right], over: right)
        }
    }

    private func check(_ windowing: Windowing, over input: Schema) throws(PlansError) {
        try check(windowing.expressions, over: input)
        for call in windowing.calls {
            if let filter = call.filter { try checkCondition(filter, over: input) }
            for (bound, offset) in [(call.frame.start, call.start), (call.frame.end, call.end)] {
                try require(bound.hasOffset == (offset != nil), "a frame has the offsets its bounds name")
                guard let offset else { continue }
                if call.frame.unit == .range {
                    try require(
                        call.rangeKey?.type == offset.type && windowing.order.count == 1,
                        "an offset of RANGE is measured on the only key of the order")
                } else {
                    try require(offset.type == .long, "an offset of a frame is a long")
                }
            }
        }
    }

    private func check(_ unnesting: Unnesting, over input: Schema) throws(PlansError) {
        try check(unnesting.expressions, over: input)
        for item in unnesting.items {
            let isFitting: Bool =
                switch item {
                case .list(let value): if case .list = value.type { true } else { false }
                case .map(let value): if case .map = value.type { true } else { false }
                case .series(let from, let to, let step, _):
                    from.type == to.type
                        && (from.type == .long && step.type == .long
                            || from.type.isTimestamp && step.type == .interval)
                }
            try require(isFitting, "what is unnested is a list, a map or a series")
        }
    }

    private func checkCondition(_ condition: Expression, over schema: Schema) throws(PlansError) {
        try require(condition.type == .boolean, "a condition is boolean")
        try check([condition], over: schema)
    }

    private func check(_ expressions: [Expression], over schema: Schema) throws(PlansError) {
        for expression in expressions {
            if case .column(let index, let type) = expression {
                try require(
                    schema.fields.indices.contains(index) && schema.fields[index].type == type,
                    "a column is read as what it is")
            }
            if case .caseWhen(let branches, let otherwise, let type) = expression {
                try require(
                    branches.allSatisfy { $0.condition.type == .boolean && $0.value.type == type }
                        && (otherwise?.type ?? type) == type,
                    "a CASE has boolean conditions and values of its type")
            }
            try check(expression.children, over: schema)
        }
    }

    private func require(_ condition: Bool, _ rule: String) throws(PlansError) {
        if !condition { throw PlansError(.inconsistent, "the plan breaks a rule: \(rule)", ["node": line]) }
    }
}
