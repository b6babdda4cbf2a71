import Blobs
import Columnar
import Effects
import Execution
import FileFormats
import JSONText
import Kernels
import Plans
import Scheduling
import Tables
import TestKit

/// What plans run in: two threads, a megabyte or more of memory, a store in memory.
struct World {
    let store: any BlobStore
    let pool = MorselPool(threads: 2)
    let token = CancellationToken()
    let ledger: MemoryLedger

    init(memory: Int = 64 << 20, store: any BlobStore = MemoryBlobStore()) {
        ledger = MemoryLedger(limit: memory)
        self.store = store
    }

    func context(batchRows: Int = .max) -> QueryContext {
        var context = QueryContext(
            store: store, morsels: pool, memory: MemoryBudget(ledger: ledger, limit: ledger.limit),
            token: token,
            tableCaches: TableCaches(), footers: ParquetFooterCache(), clock: LiveClock(),
            kernels: KernelContext())
        context.batchRows = batchRows
        return context
    }

    /// The rows, after a journey of the plan through its encoding.
    func rows(_ plan: PhysicalPlan, batchRows: Int = .max) async throws -> [[Scalar]] {
        let encoded = plan.encoded.serialized()
        let decoded = try PhysicalPlan(encoded: JSONParser.parse(encoded))
        return try await Executor.run(decoded, in: context(batchRows: batchRows)).collect().rows
    }
}

extension PhysicalPlan {
    /// Rows of typed columns.
    static func table(_ columns: [(String, Column)]) -> PhysicalPlan {
        let count = columns.first?.1.count ?? 0
        return .values(
            ValueRows(
                schema: Schema(columns.map { Field($0.0, $0.1.type) }),
                rows: (0..<count).map { row in columns.map { $0.1.scalar(at: row) } }))
    }
}

func column(_ index: Int, _ type: DataType) -> Expression { .column(index, type) }
func literal(_ value: Int32) -> Expression { .literal(.int(value), .int) }
func call(_ function: ScalarFunction, _ arguments: [Expression], _ type: DataType) -> Expression {
    .call(function, arguments, type)
}

extension MemoryLedger {
    /// Whether everything is given back. Other morsels of a query that failed end a little after its caller hears of it.
    func drains() async throws -> Bool {
        try await eventually { reserved == 0 }
    }
}
