import Scheduling

/// The plans whose ids clients may ask for. Decides only: the service works.
struct OpenPlans {
    struct Plan {
        var owner: String
        var tableUUID: String
        var query: PlanQuery
        var stage: Stage
        /// Monotonic nanoseconds.
        var expires: Int64
        var number: Int
    }

    enum Stage {
        /// Answered at once; asked for again it is planned again.
        case answered
        case waiting(LoadedTable, CancellationToken)
        case completed(ScanPage, MemoryReservation)
        case failed(any Error)
        case cancelled

        var isWorkedOn: Bool { if case .waiting = self { true } else { false } }
    }

    private(set) var plans: [String: Plan] = [:]
    private var nextNumber = 0

    var count: Int { plans.count }

    /// False when there is no room: then all are being worked on, or all of the owner's.
    mutating func add(_ id: String, _ plan: Plan, at now: Int64, _ limits: PlanLimits) -> Bool {
        if plans.count >= limits.openPlans || count(of: plan.owner) >= limits.openPlansPerOwner {
            plans = plans.filter { $0.value.expires > now || $0.value.stage.isWorkedOn }
        }
        if count(of: plan.owner) >= limits.openPlansPerOwner {
            guard dropOldest(where: { $0.owner == plan.owner }) else { return false }
        }
        if plans.count >= limits.openPlans {
            guard dropOldest(where: { _ in true }) else { return false }
        }
        var plan = plan
        plan.number = nextNumber
        nextNumber += 1
        plans[id] = plan
        return true
    }

    private func count(of owner: String) -> Int { plans.values.count { $0.owner == owner } }

    /// False when all are being worked on.
    private mutating func dropOldest(where isMeant: (Plan) -> Bool) -> Bool {
        let idle = plans.filter { !$0.value.stage.isWorkedOn && isMeant($0.value) }
        guard let oldest = idle.min(by: { $0.value.number < $1.value.number }) else { return false }
        plans[oldest.key] = nil
        return true
    }

    /// Nil for ids nobody knows, of another table, or whose time is over.
    func find(_ id: String, tableUUID: String, at now: Int64) -> Plan? {
        guard let plan = plans[id], plan.tableUUID == tableUUID else { return nil }
        return plan.stage.isWorkedOn || plan.expires > now ? plan : nil
    }

    /// The work's end; nothing when it was cancelled meanwhile.
    mutating func finish(_ id: String, _ stage: Stage, expires: Int64) {
        guard plans[id]?.stage.isWorkedOn == true else { return }
        plans[id]?.stage = stage
        plans[id]?.expires = expires
    }

    /// The token to stop work with, where there is work.
    mutating func cancel(_ id: String, expires: Int64) -> CancellationToken? {
        defer {
            plans[id]?.stage = .cancelled
            plans[id]?.expires = expires
        }
        if case .waiting(_, let token)? = plans[id]?.stage { return token }
        return nil
    }

    var tokens: [CancellationToken] {
        plans.values.compactMap { if case .waiting(_, let token) = $0.stage { token } else { nil } }
    }
}
