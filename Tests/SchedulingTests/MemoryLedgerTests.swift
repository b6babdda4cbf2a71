import Scheduling
import Testing

struct MemoryLedgerTests {
    @Test func refusesAboveTheLimitAndTakesBack() throws {
        let ledger = MemoryLedger(limit: 100)
        var first: MemoryReservation? = try ledger.reserve(60, for: "a")
        #expect(ledger.reserved == 60)
        #expect(throws: SchedulingError.self) { try ledger.reserve(41, for: "b") }
        let second = try ledger.reserve(40, for: "c")
        #expect(first?.bytes == 60)
        first = nil
        try second.resize(to: 100)
        #expect(ledger.reserved == 100)
        #expect(throws: SchedulingError.self) { try second.resize(to: 101) }
        #expect(second.bytes == 100)
        try second.resize(to: 1)
        #expect(ledger.reserved == 1)
    }

    @Test func aBudgetIsBoundedByItselfAndByTheLedger() throws {
        let ledger = MemoryLedger(limit: 100)
        let budget = MemoryBudget(ledger: ledger, limit: 50)
        #expect(throws: SchedulingError.self) { try budget.reserve(51, for: "a") }
        #expect(budget.reserved == 0 && ledger.reserved == 0)
        let other = try ledger.reserve(70, for: "b")
        #expect(throws: SchedulingError.self) { try budget.reserve(40, for: "c") }
        #expect(budget.reserved == 0 && ledger.reserved == 70)
        try other.resize(to: 10)
        do {
            let held = try budget.reserve(40, for: "c")
            #expect(budget.reserved == 40 && ledger.reserved == 50 && held.bytes == 40)
        }
        #expect(budget.reserved == 0 && ledger.reserved == 10)
        #expect(budget.peakReserved == 40)
    }

    @Test func aPartCountsItsOwnAndIsBoundedByTheWhole() throws {
        let ledger = MemoryLedger(limit: 100)
        let whole = MemoryBudget(ledger: ledger, limit: 50)
        let parts = [MemoryBudget(partOf: whole), MemoryBudget(partOf: whole)]
        do {
            let first = try parts[0].reserve(30, for: "a")
            let second = try parts[1].reserve(15, for: "b")
            #expect(throws: SchedulingError.self) { try second.resize(to: 21) }
            try first.resize(to: 10)
            try second.resize(to: 25)
            #expect(whole.reserved == 35 && parts[0].reserved == 35 && ledger.reserved == 35)
        }
        #expect(whole.reserved == 0 && ledger.reserved == 0)
        #expect(parts.map(\.peakReserved) == [30, 25] && whole.peakReserved == 45)
    }

    @Test func waitingReservationsAreServedInOrder() async throws {
        let ledger = MemoryLedger(limit: 10)
        let token = CancellationToken()
        var held: MemoryReservation? = try ledger.reserve(10, for: "a")
        async let waiting = ledger.reserveWaiting(8, for: "b", token: token)
        await Task.yield()
        _ = held?.bytes
        held = nil
        let got = try await waiting
        #expect(got.bytes == 8 && ledger.reserved == 8)
    }

    @Test func aCancelledWaitEnds() async throws {
        let ledger = MemoryLedger(limit: 10)
        let token = CancellationToken()
        let held = try ledger.reserve(10, for: "a")
        let wait = Task { try await ledger.reserveWaiting(8, for: "b", token: token) }
        token.cancel()
        await #expect(throws: SchedulingError.self) { try await wait.value }
        await #expect(throws: SchedulingError.self) {
            try await ledger.reserveWaiting(11, for: "c", token: CancellationToken())
        }
        #expect(ledger.reserved == held.bytes)
    }
}
