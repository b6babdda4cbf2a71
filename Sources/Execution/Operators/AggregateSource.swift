import Columnar
import Kernels
import Scheduling
import Synchronization

/// Gives the groups of an aggregation, when its input was read to the end.
///
///     memory held all    | batches of groups |
///     some went to disk  | part 0 | part 1 | …     one after another: each may take the whole memory
///
/// - Order: none.
final class AggregateSource: MorselSource {
    private enum Rest {
        case batches(ArraySlice<Batch>)
        case parts(SpillPartitions, Range<Int>)
    }
    private let work: AggregateWork
    private let input: any MorselSource
    private let context: QueryContext
    private let spill: AggregateSpill
    private let rest = Mutex<Rest>(.batches([]))

    init(_ work: AggregateWork, input: any MorselSource, _ context: QueryContext) {
        self.work = work
        self.input = input
        self.context = context
        spill = AggregateSpill(work, context)
    }

    var isSequential: Bool { rest.withLock { if case .parts = $0 { true } else { false } } }

    func prepare() async throws {
        let sinks = try await MorselDrain(context: context).run(input) { [work, spill, context] in
            try AggregateSink(work, spill, context)
        }
        if spill.written == nil {
            let batches = try await context.compute { [context] in
                // Into the largest, so that the fewest groups are looked up.
                let sorted = sinks.sorted { $0.groupCount > $1.groupCount }
                return try sorted[0].finish(
                    with: Array(sorted.dropFirst()), QuerySupervisor(context: context))
            }
            return rest.withLock { $0 = .batches(batches[...]) }
        }
        for sink in sinks {
            try await context.compute { try sink.putAsideRest() }
        }
        try await spill.addDistinct()
        guard let partitions = spill.written else { return }
        rest.withLock { $0 = .parts(partitions, 0..<SpillPartitions.count) }
    }

    func next() async throws -> Morsel? {
        rest.withLock { rest in
            switch rest {
            case .batches(var batches):
                guard let batch = batches.popFirst() else { return nil }
                rest = .batches(batches)
                return Morsel([batch])
            case .parts(let partitions, let parts):
                guard let part = parts.first else { return nil }
                rest = .parts(partitions, parts.dropFirst())
                return Morsel { [spill] emit in _ = try spill.finish(part, of: partitions, emit) }
            }
        }
    }
}
