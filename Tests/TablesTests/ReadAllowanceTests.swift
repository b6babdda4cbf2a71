import Scheduling
import Tables
import Testing

@Suite("Memory of reading a file")
struct ReadAllowanceTests {
    private static let mebibyte = 1 << 20

    @Test("half of the memory is taken, then 32 MiB or 16 times the fetched bytes beyond it, then it ends")
    func bounds() throws {
        let ledger = MemoryLedger(limit: 16 * Self.mebibyte)
        let budget = MemoryBudget(ledger: ledger, limit: 16 * Self.mebibyte)
        let small = try ReadAllowance(budget, file: "s3://lake/a")
        try small.fetch(Self.mebibyte)
        try small.hold(8 * Self.mebibyte)
        #expect(budget.reserved == 8 * Self.mebibyte)
        // Others may keep rows in the other half.
        try small.hold(40 * Self.mebibyte)
        #expect(budget.reserved == 8 * Self.mebibyte)
        try small.hold(48 * Self.mebibyte)
        #expect(budget.reserved == 16 * Self.mebibyte)
        let error = try #require(throws: SchedulingError.self) { try small.hold(49 * Self.mebibyte) }
        #expect(error.code == .memoryExhausted && error.context.contains { $0 == ("file", "s3://lake/a") })
        let ordinary = try ReadAllowance(budget, file: "s3://lake/b")
        try ordinary.fetch(50 * Self.mebibyte)
        try ordinary.hold(800 * Self.mebibyte)
        #expect(throws: SchedulingError.self) { try ordinary.hold(801 * Self.mebibyte) }
    }

    @Test("what is kept stays counted when the rest is gone, and goes with the allowance")
    func keeps() throws {
        let ledger = MemoryLedger(limit: 64 * Self.mebibyte)
        let budget = MemoryBudget(ledger: ledger, limit: 64 * Self.mebibyte)
        do {
            let allowance = try ReadAllowance(budget, file: "s3://lake/a")
            try allowance.fetch(Self.mebibyte)
            try allowance.hold(5 * Self.mebibyte)
            try allowance.keep(2 * Self.mebibyte)
            #expect(budget.reserved == 7 * Self.mebibyte)
            try allowance.endReading()
            #expect(budget.reserved == 2 * Self.mebibyte)
            try allowance.hold(Self.mebibyte)
            #expect(budget.reserved == 3 * Self.mebibyte)
        }
        #expect(budget.reserved == 0 && ledger.reserved == 0)
    }
}
