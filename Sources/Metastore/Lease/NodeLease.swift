package import Effects
import JSONText
package import Telemetry

/// A node's lease in the hands of this process: taken at the start, renewed until it is lost or given back.
///
/// - Threads: any.
package final class NodeLease: Sendable {
    package let epoch: Int64
    package let validity: OwnerLease
    private let metastore: Metastore
    private let id: String
    private let seconds: Int
    private let clock: any Clock
    private let log: Log
    private let renewals: Counter
    private let failures: Counter

    /// How much of a lease its holder relies on; the rest is for clocks that run at different speeds.
    static func trustedNanoseconds(seconds: Int) -> Int64 { Int64(seconds) * 900_000_000 }

    init(
        _ metastore: Metastore, id: String, epoch: Int64, validity: OwnerLease, seconds: Int,
        clock: any Clock, metrics: MetricsRegistry, log: Log
    ) {
        self.metastore = metastore
        self.id = id
        self.epoch = epoch
        self.validity = validity
        self.seconds = seconds
        self.clock = clock
        self.log = log
        renewals = metrics.counter("firn_lease_renewals_total", help: "Renewals of this node's lease")
        failures = metrics.counter(
            "firn_lease_failures_total", help: "Renewals of this node's lease that did not get through")
        metrics.gauge("firn_lease_epoch", help: "How many processes have had this node").set(epoch)
    }

    /// Renews the lease four times in its length, until the task is cancelled. True when another process has the node:
    /// then this one should end.
    package func run() async -> Bool {
        while !validity.isLost {
            // Where a lock stands for the lease there is nothing to renew.
            let pause = metastore.isShared ? Duration.milliseconds(seconds * 250) : .seconds(3600)
            do { try await Task.sleep(for: pause) } catch { return false }
            if metastore.isShared { await renew() }
        }
        return true
    }

    func renew() async {
        let asked = clock.bootNanoseconds
        let (id, epoch, microseconds) = (self.id, self.epoch, Int64(seconds) * 1_000_000)
        do {
            let renewal = try await metastore.renew {
                try NodeRow.renew(id, epoch: epoch, microseconds: microseconds, $0)
            }
            guard let renewal else { return validity.lose() }
            renewals.add()
            // First who clears away: somebody else may since the lease ran out.
            metastore.note(isMain: renewal.isMain)
            validity.renew(trustedUntil: asked + Self.trustedNanoseconds(seconds: seconds))
            if renewal.hasSucceeded { log.info("this node clears away now", ["node": .string(id)]) }
        } catch {
            failures.add()
            log.warning(
                "the node's lease could not be renewed",
                ["held": .boolean(validity.isHeld), "error": .string("\(error)")])
        }
    }

    /// Tells other nodes where this one is.
    package func publish(address: String) async throws {
        let (id, epoch) = (self.id, self.epoch)
        try await metastore.write { try NodeRow.publish(address, of: id, epoch: epoch, $0) }
    }

    /// Nothing is written after this: the next process takes the node without waiting.
    package func release() async {
        let (id, epoch) = (self.id, self.epoch)
        do { try await metastore.write { try NodeRow.release(id, epoch: epoch, $0) } } catch {
            // Then it runs out.
            log.warning("the node's lease could not be given back", ["error": .string("\(error)")])
        }
    }
}

extension Metastore {
    private static let watchPause = Duration.milliseconds(200)

    /// Takes the node for this process: from then on no process before it can write. Waits for a lease that may still be
    /// held; not where the holder gave it back, or is known to be gone because this process holds the same lock.
    ///
    /// - Errors: `MST-305` when another process goes on renewing it, or the objects are out of reach.
    package func takeNode(
        _ identity: NodeIdentity, leaseSeconds: Int = 10, clock: any Clock = LiveClock(),
        metrics: MetricsRegistry = MetricsRegistry(), log: Log = .silent,
        planted: PlantedBugs = .fromEnvironment
    ) async throws -> NodeLease {
        var watch = LeaseWatch(
            leaseMicroseconds: Int64(leaseSeconds) * 1_000_000, place: identity.place, isShared: isShared)
        let writer = writerName
        var isWaiting = false
        while true {
            let asked = clock.bootNanoseconds
            let attempt = try await write { [watch] transaction in
                try NodeRow.take(
                    identity, writer: writer, watch: watch, bootNanoseconds: asked, transaction)
            }
            switch attempt {
            case .taken(let epoch, let isMain):
                let trusted = asked + NodeLease.trustedNanoseconds(seconds: leaseSeconds)
                let validity = OwnerLease(clock: clock, trustedUntil: isShared ? trusted : .max)
                let id = identity.id.hexDigits
                try await hold(
                    Fence(node: id, epoch: epoch, lease: validity, planted: planted), isMain: isMain)
                log.info("this process has the node", ["node": .string(id), "epoch": .integer(epoch)])
                return NodeLease(
                    self, id: id, epoch: epoch, validity: validity, seconds: leaseSeconds,
                    clock: clock, metrics: metrics, log: log)
            case .held(let row):
                watch.observe(row, at: clock.bootNanoseconds)
                guard watch.renewalsSeen < 2 else {
                    throw MetastoreError(
                        .ownedByAnother, "another process runs the node of this data directory",
                        ["node": row.id, "address": row.address],
                        hint: "stop it first; a copy of a data directory is the same node")
                }
                if !isWaiting { log.info("waiting for the node's lease to end", ["node": .string(row.id)]) }
                isWaiting = true
                try await Task.sleep(for: Self.watchPause)
            }
        }
    }

    /// All nodes that ever were, by id.
    package func nodes() async throws -> [NodeInfo] {
        try await read { transaction in
            let now = try transaction.databaseTime()
            return try NodeRow.all(transaction).map { $0.info(at: now) }
        }
    }
}
