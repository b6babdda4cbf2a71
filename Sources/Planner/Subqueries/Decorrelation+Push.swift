import Columnar
import Kernels
import Plans

/// The way of each node through a subquery's plan, from the root down.
extension Decorrelation {
    /// - Parameter isWindowed: a limit above needs the rows in their order.
    func push(_ plan: LogicalPlan, isWindowed: Bool = false) throws(PlannerError) -> Part {
        guard reads(plan) else { return Part(plan: plan) }
        switch plan {
        case .filter(let condition, let input): return try push(condition, input, isWindowed)
        case .project(let projection, let input): return try push(projection, input, isWindowed)
        case .aggregate(let aggregation, let input): return try push(aggregation, input)
        case .window(let windowing, let input): return try push(windowing, input)
        case .sort(let keys, let input): return try push(keys, input, isWindowed)
        case .limit(let window, let input): return try push(window, input)
        case .numberRows(let keys, let input): return try pushNumbers(keys, input)
        case .union(let inputs): return try push(inputs)
        case .join(let kind, let condition, let left, let right):
            return try push(kind, condition?.conjuncts ?? [], left, right)
        case .expand(let expansion, let input):
            return try pushWider(input, expansion.keys) { places, plan in
                var wider = expansion
                wider.keys = expansion.keys.map { $0.withOuter(places) }
                return .expand(wider, plan)
            }
        case .unnest(let unnesting, let input):
            return try pushWider(input, unnesting.expressions) { places, plan in
                .unnest(unnesting.mapExpressions { $0.withOuter(places) }, plan)
            }
        case .shared(let rows): return try push(rows)
        case .recursion(let recursion, let base, let step): return try push(recursion, base, step)
        case .workingTable(let table): return part(of: table)
        // What a step shares stands by its ids among all that is shared.
        case .sharing(_, _, let body): return try push(body, isWindowed: isWindowed)
        case .values, .scan: preconditionFailure("rows from outside read nothing")
        }
    }

    /// A query that is shared stays so: all its readers get one and the same part.
    private func push(_ rows: SharedRows) throws(PlannerError) -> Part {
        if let known = around.parts[rows.id] { return known }
        var part = try push(context.shared[rows], isWindowed: true)
        part.plan = context.shared.share(part.plan)
        around.parts[rows.id] = part
        return part
    }

    private func push(
        _ condition: Expression, _ input: LogicalPlan, _ isWindowed: Bool
    ) throws(PlannerError) -> Part {
        var part = try push(input, isWindowed: isWindowed)
        if let absent = part.absent {
            // A group that the filter drops must not look like one that was never there.
            let passes = constant(condition.substituted(absent))
            if passes == .boolean(false) || passes == .null {
                part.absent = nil
            } else {
                part = try materialised(part, width: input.schema.count)
            }
        }
        let tied = condition.conjuncts.filter { !numbers(in: $0).isEmpty }
        let free = condition.conjuncts.filter { numbers(in: $0).isEmpty }
        if let kept = Expression.conjunction(free) { part.plan = .filter(kept, part.plan) }
        part.ties += tied
        return tied.isEmpty ? part : inferring(part)
    }

    private func push(
        _ projection: Projection, _ input: LogicalPlan, _ isWindowed: Bool
    ) throws(PlannerError) -> Part {
        var part = try push(input, isWindowed: isWindowed)
        let read = numbers(in: projection.expressions)
        if part.absent != nil {
            let isConstant = projection.expressions.allSatisfy { !$0.isVolatile && numbers(in: $0).isEmpty }
            if !isConstant { part = try materialised(part, width: input.schema.count) }
        }
        var places: [Int: Expression] = [:]
        if !read.isEmpty { places = try settle(&part, read) }
        let own = projection.expressions.map { $0.withOuter(places) }
        part.absent = part.absent.map { absent in projection.expressions.map { $0.substituted(absent) } }
        return carry(part, over: .project(Projection(own, names: projection.names), part.plan)) { extras in
            let fields = part.plan.schema.fields
            return .project(
                Projection(
                    own + extras.map { .column($0, fields[$0].type) },
                    names: projection.names + extras.map { fields[$0].name }), part.plan)
        }
    }

    private static func emptyRow(_ aggregation: Aggregation) throws(PlannerError) -> [Expression] {
        var values: [Expression] = []
        for call in aggregation.calls { values.append(.literal(try call.answerOfNoRows(), call.type)) }
        return values
    }

    private func push(_ aggregation: Aggregation, _ input: LogicalPlan) throws(PlannerError) -> Part {
        guard aggregation.rowsIfEmpty.count <= 1 else {
            throw .unsupported(
                "more than one empty grouping set in a subquery that reads the query around it", at: nil)
        }
        var part = try pushPresent(input)
        let places = try settle(
            &part, numbers(in: aggregation.keys + aggregation.calls.flatMap(\.expressions)))
        let own = aggregation.keys.count
        var wider = aggregation
        wider.keys = aggregation.keys.map { $0.withOuter(places) }
        wider.calls = aggregation.calls.map { $0.mapExpressions { $0.withOuter(places) } }
        let tied = tiedColumns(part)
        let fields = part.plan.schema.fields
        wider.keys += tied.map { .column($0, fields[$0].type) }
        wider.names.insert(contentsOf: tied.map { fields[$0].name }, at: own)
        if !tied.isEmpty { wider.rowsIfEmpty = [] }
        let grouped = LogicalPlan.aggregate(wider, part.plan)
        // The calls stand behind the new keys, and belong before them.
        let calls = aggregation.calls.indices.map { own + tied.count + $0 }
        let order = Array(0..<own) + calls + tied.indices.map { own + $0 }
        let places2 = Dictionary(
            uniqueKeysWithValues: tied.enumerated().map { ($1, own + calls.count + $0) })
        var groups = Part(plan: grouped.reordered(order), ties: part.ties.map { moved($0, places2) })
        if aggregation.keys.isEmpty { groups.absent = try Self.emptyRow(aggregation) }
        guard !tied.isEmpty, let row = aggregation.rowsIfEmpty.first else { return groups }
        // The other sets have rows too: this is not the only row, which limits take an absent one for.
        groups.absent = zip(row, aggregation.schema.fields).map { .literal($0, $1.type) }
        return try materialised(groups, width: aggregation.schema.count)
    }

    private func push(
        _ keys: [SortKey], _ input: LogicalPlan, _ isWindowed: Bool
    ) throws(PlannerError) -> Part {
        var part = try push(input, isWindowed: isWindowed)
        // One row a group has no order.
        if part.absent != nil { return part }
        // Nobody looks at the order of a subquery's rows but a limit.
        guard isWindowed else { return part }
        let places = try settle(&part, numbers(in: keys.map(\.expression)))
        let own = keys.map {
            SortKey(
                $0.expression.withOuter(places), isDescending: $0.isDescending, nullsFirst: $0.nullsFirst)
        }
        part.plan = .sort(own, part.plan)
        return part
    }

    /// A node that adds columns to each row by itself.
    private func pushWider(
        _ input: LogicalPlan, _ expressions: [Expression],
        _ node: (_ places: [Int: Expression], LogicalPlan) -> LogicalPlan
    ) throws(PlannerError) -> Part {
        var part = try pushPresent(input)
        let read = numbers(in: expressions)
        let places = read.isEmpty ? [:] : try settle(&part, read)
        return behind(node(places, part.plan), part, width: input.schema.count)
    }

    /// Rows of unlike outer rows are in unlike partitions.
    private func push(_ windowing: Windowing, _ input: LogicalPlan) throws(PlannerError) -> Part {
        var part = try pushPresent(input)
        let places = try settle(&part, numbers(in: windowing.expressions))
        let fields = part.plan.schema.fields
        var wider = windowing.mapExpressions { $0.withOuter(places) }
        wider.partition += tiedColumns(part).map { .column($0, fields[$0].type) }
        return behind(.window(wider, part.plan), part, width: input.schema.count)
    }

    private func push(_ window: RowWindow, _ input: LogicalPlan) throws(PlannerError) -> Part {
        var part = try push(input, isWindowed: true)
        if part.absent != nil {
            if window.offset == 0, (window.count ?? 1) > 0 { return part }
            part = try materialised(part, width: input.schema.count)
        }
        _ = try settle(&part, [])
        let fields = part.plan.schema.fields
        let number = Expression.column(fields.count, .long)
        let numbered = LogicalPlan.numberRows(
            tiedColumns(part).map { .column($0, fields[$0].type) }, part.plan)
        part.plan = window.condition(over: number).map { .filter($0, numbered) } ?? part.plan
        return part
    }

    private func pushNumbers(_ keys: [Expression], _ input: LogicalPlan) throws(PlannerError) -> Part {
        var part = try push(input, isWindowed: true)
        if part.absent != nil { part = try materialised(part, width: input.schema.count) }
        let places = try settle(&part, numbers(in: keys))
        let fields = part.plan.schema.fields
        let tied = tiedColumns(part).map { Expression.column($0, fields[$0].type) }
        let numbered = LogicalPlan.numberRows(keys.map { $0.withOuter(places) } + tied, part.plan)
        return behind(numbered, part, width: input.schema.count)
    }

    /// A node that adds columns behind those of the part: they belong behind the old ones.
    private func behind(_ node: LogicalPlan, _ part: Part, width: Int) -> Part {
        let before = part.plan.schema.count
        let order =
            Array(0..<width) + Array(before..<node.schema.count) + Array(width..<before)
        var places: [Int: Int] = [:]
        for (place, column) in order.enumerated() { places[column] = place }
        return Part(plan: node.reordered(order), ties: part.ties.map { moved($0, places) })
    }

    /// Every input gives the same outer columns, in the same places.
    private func push(_ inputs: [LogicalPlan]) throws(PlannerError) -> Part {
        var parts: [Part] = []
        for input in inputs { parts.append(try pushPresent(input)) }
        var all = parts.reduce(into: Set<Int>()) { $0.formUnion(numbers(in: $1.ties)) }
        // A row that stands for one of two equal values must not be taken for one of the other.
        all.formUnion(all.compactMap { identities[$0] })
        let fields = inputs[0].schema.fields
        var branches: [LogicalPlan] = []
        for index in parts.indices {
            let places = try settle(&parts[index], all)
            branches.append(parts[index].plan.carrying(all.sorted(), places, behind: fields))
        }
        return Part(plan: .union(branches), ties: ties(all.sorted(), behind: fields.count))
    }

    /// Says that the columns from this one on are these outer values.
    func ties(_ numbers: [Int], behind width: Int) -> [Expression] {
        numbers.enumerated().map { index, number in
            let type = outer[number]?.type ?? .null
            return .call(
                .isNotDistinctFrom, [.column(number, type), .column(width + index, type)], .boolean)
        }
    }

    /// As `push`, with rows for outer rows that meet none.
    func pushPresent(_ plan: LogicalPlan) throws(PlannerError) -> Part {
        let part = try push(plan)
        return part.absent == nil ? part : try materialised(part, width: plan.schema.count)
    }

    /// The same ties over a plan that has the wanted columns first and then those that ties read.
    private func carry(
        _ part: Part, over plain: LogicalPlan, _ wider: (_ extras: [Int]) -> LogicalPlan
    ) -> Part {
        let extras = tiedColumns(part)
        if extras.isEmpty { return Part(plan: plain, ties: part.ties, absent: part.absent) }
        let width = plain.schema.count
        let moves = Dictionary(uniqueKeysWithValues: extras.enumerated().map { ($1, width + $0) })
        return Part(plan: wider(extras), ties: part.ties.map { moved($0, moves) }, absent: part.absent)
    }

    /// The part's columns that ties read.
    func tiedColumns(_ part: Part) -> [Int] {
        part.ties.reduce(into: Set<Int>()) { $0.formUnion($1.columns) }
            .filter { $0 < Placeholder.subquery }.sorted()
    }

    /// Over columns that stand elsewhere; outer numbers stay.
    func moved(_ tie: Expression, _ places: [Int: Int]) -> Expression {
        tie.remapped { places[$0] ?? $0 }
    }
}

extension LogicalPlan {
    /// The first columns under these names, and behind them outer values.
    func carrying(_ numbers: [Int], _ places: [Int: Expression], behind fields: [Field]) -> LogicalPlan {
        .project(
            Projection(
                fields.enumerated().map { .column($0, $1.type) } + numbers.map { places[$0] ?? .true },
                names: fields.map(\.name) + numbers.map { "outer\($0)" }), self)
    }

    /// The same columns in another order, or fewer of them.
    func reordered(_ order: [Int]) -> LogicalPlan {
        let fields = schema.fields
        if order == Array(fields.indices) { return self }
        return .project(
            Projection(
                order.map { .column($0, fields[$0].type) }, names: order.map { fields[$0].name }), self)
    }
}

extension RowWindow {
    /// The rows of the window by their number, which counts from one.
    func condition(over number: Expression) -> Expression? {
        func compare(_ function: ScalarFunction, _ count: Int) -> Expression {
            .call(function, [number, .literal(.long(Int64(count)), .long)], .boolean)
        }
        let above = offset > 0 ? [compare(.greater, offset)] : []
        return Expression.conjunction(above + (end.map { [compare(.lessOrEqual, $0)] } ?? []))
    }
}
