import Columnar
import Kernels
import Plans
import Scheduling

/// Turns a plan into sources: what streams joins its input's morsels, what needs all rows drains its input first.
struct PlanCompiler {
    /// The one of the operator that is being compiled.
    private var context: QueryContext
    private let query: QueryContext
    let profile: QueryProfile
    private let channels = FilterChannels()
    private var nextNode = 0
    /// By the ids of the recursions whose steps are being compiled.
    private var working: [Int: WorkingRows] = [:]
    /// By their ids, those that stand before the operator that is being compiled.
    private var shared: [Int: SharedQuery] = [:]

    init(_ context: QueryContext, _ profile: QueryProfile) {
        self.context = context
        query = context
        self.profile = profile
    }

    mutating func source(for plan: PhysicalPlan) throws -> any MorselSource {
        let node = profile.operators[nextNode]
        nextNode += 1
        let whole = context
        // Each operator's memory, time and bytes on disk are counted by themselves.
        context.memory = node.count(memoryOf: query.memory)
        context.operatorProfile = node
        defer { context = whole }
        return MeteredSource(
            source: try source(for: plan, node), meter: OperatorMeter(node, context.clock),
            taker: whole.operatorProfile, measuresBytes: context.measuresBytes)
    }

    private mutating func source(for plan: PhysicalPlan, _ node: OperatorProfile) throws -> any MorselSource {
        switch plan {
        case .values(let values): return self.values(values)
        case .scan(let scan):
            let source = ScanSource(scan, channels, context, node.startScan(total: profile.scans))
            return context.batchRows < Batch.capacity
                ? SlicingSource(input: source, rows: context.batchRows) : source
        case .filter(let condition, let input):
            return StagedSource(
                input: try source(for: input),
                stage: FilterStage(condition: condition, evaluator: context.evaluator), context: context)
        case .project(let projection, let input):
            return StagedSource(
                input: try source(for: input), stage: ProjectStage(projection, context.evaluator),
                context: context)
        case .aggregate(let aggregation, let input): return try aggregate(aggregation, input)
        case .window(let windowing, let input):
            let work = WindowWork(windowing, over: input.schema)
            return try WindowSource(work, BatchPuller(try source(for: input), context), context)
        case .expand(let expansion, let input):
            return ExpandSource(
                input: try source(for: input), expansion: expansion, schema: plan.schema,
                context: context)
        case .unnest(let unnesting, let input):
            let work = UnnestWork(
                unnesting, over: input.schema, limit: min(Batch.capacity, context.batchRows))
            let source = try source(for: input)
            if case .values = input {
                return ValuesUnnestSource(input: source, work: work, context: context)
            }
            return UnnestSource(input: source, work: work, context: context)
        case .recursion(let recursion, let base, let step):
            return try self.recursion(recursion, base, step)
        case .workingTable(let table):
            guard let rows = working[table.id] else {
                throw ExecutionError(.inconsistentPlan, "a working table stands outside its recursion")
            }
            return WorkingTableSource(rows, table.schema)
        case .sharing(let ids, let queries, let body):
            let outer = shared
            defer { shared = outer }
            for (id, query) in zip(ids, queries) {
                shared[id] = try SharedQuery(try source(for: query), context)
            }
            return try source(for: body)
        case .shared(let rows):
            guard let query = shared[rows.id] else {
                throw ExecutionError(.inconsistentPlan, "shared rows are read where no query gives them")
            }
            return SharedSource(query, rows.schema)
        case .sort(let keys, let input): return try sort(keys, input, offset: 0, count: nil)
        case .topN(let keys, let offset, let count, let keepsTies, let input):
            return try sort(keys, input, offset: offset, count: count, keepsTies: keepsTies)
        case .limit(let window, let input):
            let puller = BatchPuller(try source(for: input), context, rowLimit: window.end)
            return LimitSource(puller, window)
        case .union(let inputs):
            var sources: [any MorselSource] = []
            for input in inputs { sources.append(try source(for: input)) }
            return UnionSource(sources, schema: plan.schema)
        case .numberRows(let keys, let input):
            return try RowNumberSource(keys, try source(for: input), plan.schema, context)
        case .join(let join, let left, let right):
            let sides = (left: try source(for: left), right: try source(for: right))
            return JoinSource(
                JoinWork(join, left.schema, right.schema), left: sides.left, right: sides.right, channels,
                context)
        }
    }

    private mutating func recursion(
        _ recursion: Recursion, _ base: PhysicalPlan, _ step: PhysicalPlan
    ) throws -> any MorselSource {
        let rows = WorkingRows()
        let baseSource = try source(for: base)
        var inner = self
        inner.working[recursion.id] = rows
        // What no round reads need not be held until the last one.
        let read = step.sharedIDs
        inner.shared = shared.filter { read.contains($0.key) }
        nextNode += QueryProfile.nodeCount(step)
        return try RecursionSource(
            recursion, base.schema, base: baseSource, working: rows, context
        ) { [inner] in
            var compiler = inner
            return try compiler.source(for: step)
        }
    }

    private func values(_ values: ValueRows) -> any MorselSource {
        BatchesSource(context) { [context] in
            let columns = values.schema.fields.indices.map { index in
                Column(values.schema.fields[index].type, values.rows.map { $0[index] })
            }
            let whole = Batch(schema: values.schema, columns: columns, rowCount: values.rows.count)
            let size = min(Batch.capacity, context.batchRows)
            return stride(from: 0, to: whole.rowCount, by: size).map { start in
                whole.slice(start..<min(whole.rowCount, start + size))
            }
        }
    }

    private mutating func aggregate(
        _ aggregation: Aggregation, _ input: PhysicalPlan
    ) throws -> any MorselSource {
        AggregateSource(try AggregateWork(aggregation), input: try source(for: input), context)
    }

    private mutating func sort(
        _ keys: [SortKey], _ input: PhysicalPlan, offset: Int, count: Int?,
        keepsTies: Bool = false
    ) throws -> any MorselSource {
        var work = SortWork(keys: keys, schema: input.schema, evaluator: context.evaluator)
        work.keepsTies = keepsTies
        return SortSource(work, (offset, count), input: try source(for: input), context)
    }
}

extension Int {
    func addingClamped(_ other: Int) -> Int {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
