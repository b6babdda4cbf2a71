import Effects
import Faults
import Synchronization
import TestKit
import Testing

@testable import Metastore

/// Who has a node, on SQLite and on PostgreSQL.
@Suite("Node leases")
struct NodeLeaseTests {
    /// What leases need of the other rooms' tables.
    static let tables =
        [
            "CREATE TABLE streams (id TEXT PRIMARY KEY)", "CREATE TABLE pipelines (id TEXT PRIMARY KEY)",
            "CREATE TABLE deleted_streams (id TEXT PRIMARY KEY)",
        ] + NodeTables.leases

    private let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory() }

    private func open(_ database: TestDatabase) async throws -> Metastore {
        try await database.open([TestDatabase.numbers[0] + Self.tables])
    }

    private static func node(_ number: UInt64, place: String, store: String? = nil) -> NodeIdentity {
        NodeIdentity(id: UniqueID(high: 0, low: number), place: place, store: store)
    }

    private static func insert(_ name: String, into store: Metastore) async throws {
        try await store.write { _ = try $0.execute("INSERT INTO numbers (name) VALUES (?)", [.text(name)]) }
    }

    @Test("whoever takes a node fences the process before off", arguments: DatabaseKind.allCases)
    func fences(kind: DatabaseKind) async throws {
        let database = try TestDatabase(kind, directory)
        let (old, new) = (try await open(database), try await open(database))
        let first = try await old.takeNode(Self.node(1, place: "a"))
        #expect(first.epoch == 1 && first.validity.isHeld && old.isMain)
        try await Self.insert("before", into: old)
        // The same lock in the same place: its holder has ended.
        let second = try await new.takeNode(Self.node(1, place: "a"))
        #expect(second.epoch == 2)
        for _ in 0..<2 {
            let error = await #expect(throws: MetastoreError.self) {
                try await Self.insert("after", into: old)
            }
            #expect(error?.code == .takenOver && error?.kind == .unavailable)
        }
        #expect(old.lease.isLost && !old.lease.isHeld)
        #expect(throws: MetastoreError.self) { try old.lease.require() }
        // A lost lease does not come back.
        await first.renew()
        #expect(!old.lease.isHeld)
        try await Self.insert("mine", into: new)
        let names = try await new.read { try $0.query("SELECT name FROM numbers ORDER BY name") }
        #expect(try names.map { try $0.text("name") } == ["before", "mine"])
    }

    @Test("what was there before nodes is of the node that has its logs", arguments: DatabaseKind.allCases)
    func adopts(kind: DatabaseKind) async throws {
        let database = try TestDatabase(kind, directory)
        let store = try await open(database)
        try await store.write { _ = try $0.execute("INSERT INTO streams (id) VALUES ('s')") }
        var node = Self.node(1, place: "a", store: "s3://b/p")
        if store.isShared {
            let error = await #expect(throws: MetastoreError.self) { try await store.takeNode(node) }
            #expect(error?.code == .ownedByAnother)
        }
        node.logs = ["another", "s"]
        _ = try await store.takeNode(node)
        if store.isShared {
            let second = try await open(database)
            _ = try await second.takeNode(Self.node(2, place: "b", store: "s3://b/p"))
        }
        let owner = try await store.read { try $0.first("SELECT node_id FROM streams") }
        #expect(try owner?.text("node_id") == node.id.hexDigits)
    }

    @Test("writes that share a commit are all fenced off", arguments: DatabaseKind.allCases)
    func fencesTogether(kind: DatabaseKind) async throws {
        let database = try TestDatabase(kind, directory)
        let (old, new) = (try await open(database), try await open(database))
        _ = try await old.takeNode(Self.node(1, place: "a"))
        _ = try await new.takeNode(Self.node(1, place: "a"))
        let refused = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<20 {
                group.addTask {
                    do { try await Self.insert("\(number)", into: old) } catch {
                        return (error as? MetastoreError)?.code == .takenOver
                    }
                    return false
                }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(refused == 20)
        #expect(try await new.read { try $0.query("SELECT name FROM numbers") }.isEmpty)
    }

    @Test("a lease that was given back is taken at once, from anywhere", arguments: DatabaseKind.allCases)
    func releases(kind: DatabaseKind) async throws {
        let database = try TestDatabase(kind, directory)
        let (old, new) = (try await open(database), try await open(database))
        let first = try await old.takeNode(Self.node(1, place: "a"))
        try await first.publish(address: "http://a")
        #expect(try await new.nodes().map(\.address) == ["http://a"])
        await first.release()
        #expect(try await new.takeNode(Self.node(1, place: "b"), leaseSeconds: 3600).epoch == 2)
        #expect(try await new.nodes().map(\.address) == [""])
    }

    @Test("a lease that is not renewed is waited for, and one that is renewed is not taken")
    func waits() async throws {
        let database = try TestDatabase(.postgres, directory)
        let (old, new) = (try await open(database), try await open(database))
        let first = try await old.takeNode(Self.node(1, place: "a"), leaseSeconds: 2)
        let start = LiveClock().bootNanoseconds
        let keeping = Task { await first.run() }
        let error = await #expect(throws: MetastoreError.self) {
            try await new.takeNode(Self.node(1, place: "b"), leaseSeconds: 2)
        }
        #expect(error?.code == .ownedByAnother && first.validity.isHeld)
        keeping.cancel()
        #expect(await keeping.value == false)
        let stopped = LiveClock().bootNanoseconds
        #expect(try await new.takeNode(Self.node(1, place: "b"), leaseSeconds: 2).epoch == 2)
        // Whoever had it stopped trusting it before that.
        #expect(!first.validity.isHeld)
        #expect(LiveClock().bootNanoseconds - stopped > 1_500_000_000 && stopped > start)
        await first.renew()
        #expect(first.validity.isLost)
    }

    @Test("nodes share a database when they share their objects")
    func sharesObjects() async throws {
        let database = try TestDatabase(.postgres, directory)
        let (first, second) = (try await open(database), try await open(database))
        _ = try await first.takeNode(Self.node(1, place: "a", store: "s3://lake/"))
        for store in [nil, "s3://other/"] {
            let error = await #expect(throws: MetastoreError.self) {
                try await second.takeNode(Self.node(2, place: "a", store: store))
            }
            #expect(error?.code == .ownedByAnother)
        }
        _ = try await second.takeNode(Self.node(2, place: "a", store: "s3://lake/"))
        #expect(first.isMain && !second.isMain)
        // Two nodes do not fence each other off.
        try await Self.insert("one", into: first)
        try await Self.insert("two", into: second)
        #expect(try await first.nodes().map(\.isMain) == [true, false])
    }

    /// A connection of somebody else, which keeps a table locked until it is closed.
    private static func lockTable(_ name: String, in place: MetastorePlace) throws -> PostgresConnection? {
        guard case .postgres(let address, _) = place else { return nil }
        let other = try PostgresConnection(url: address.url)
        try other.run("BEGIN; LOCK TABLE \(name)")
        return other
    }

    @Test("a lease is renewed while a write of the node is held up")
    func renewsBeside() async throws {
        let database = try TestDatabase(.postgres, directory)
        let store = try await open(database)
        let clock = ManualClock()
        let lease = try await store.takeNode(Self.node(1, place: "a"), clock: clock)
        let other = try Self.lockTable("numbers", in: database.place)
        let write = Task { try await Self.insert("late", into: store) }
        // The writer's only connection waits for the table now, or will before it gets to anything else.
        clock.advance(microseconds: NodeLease.trustedNanoseconds(seconds: 10) / 1000)
        #expect(!lease.validity.isHeld)
        await lease.renew()
        #expect(lease.validity.isHeld)
        try other?.run("ROLLBACK")
        try await write.value
    }

    @Test("another node clears away when the one that did has been gone for long, which then does not")
    func succeeds() async throws {
        let database = try TestDatabase(.postgres, directory)
        let (first, second) = (try await open(database), try await open(database))
        let old = try await first.takeNode(Self.node(1, place: "a", store: "s3://lake/"))
        let new = try await second.takeNode(Self.node(2, place: "b", store: "s3://lake/"))
        await new.renew()
        #expect(first.isMain && !second.isMain)
        // Over by the database's clock, but not for long enough; then for long enough.
        for (leases, isOver) in [(5, false), (7, true)] {
            try await second.write {
                let now = try $0.databaseTime().microseconds
                try $0.execute(
                    "UPDATE nodes SET expires_at = ? - ? * lease_microseconds WHERE is_main = 1",
                    [.integer(now), .integer(Int64(leases))])
            }
            await new.renew()
            #expect(second.isMain == isOver)
        }
        // It comes back, and finds out before it relies on its lease again.
        await old.renew()
        #expect(old.validity.isHeld && !first.isMain && second.isMain)
        #expect(try await first.nodes().map(\.isMain) == [false, true])
        // One that was stopped is not waited for.
        await new.release()
        await old.renew()
        #expect(first.isMain)
    }

    @Test("a node clears nothing away while it does not know of its lease")
    func clearsUnderLease() async throws {
        let store = try await open(TestDatabase(.postgres, directory))
        let clock = ManualClock()
        let lease = try await store.takeNode(Self.node(1, place: "a"), clock: clock)
        #expect(store.isMain)
        clock.advance(microseconds: NodeLease.trustedNanoseconds(seconds: 10) / 1000)
        #expect(!store.isMain)
        await lease.renew()
        #expect(store.isMain)
    }

    @Test("nodes that are started together on a database without tables all get it")
    func startsTogether() async throws {
        let database = try TestDatabase(.postgres, directory)
        let tables = [TestDatabase.numbers[0] + Self.tables]
        let stores = try await withThrowingTaskGroup(of: Metastore.self) { group in
            for _ in 0..<6 { group.addTask { try await database.open(tables) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        for (number, store) in stores.enumerated() { try await Self.insert("\(number)", into: store) }
        #expect(try await stores[0].read { try $0.query("SELECT name FROM numbers") }.count == 6)
    }

    @Test("a database in a directory is its node's, whatever id that has now")
    func inherits() async throws {
        let database = try TestDatabase(.sqlite, directory)
        let store = try await open(database)
        _ = try await store.takeNode(Self.node(1, place: "a"))
        try await store.write {
            _ = try $0.execute("INSERT INTO streams (id, node_id) VALUES ('s', ?)", [.text(store.node)])
        }
        _ = try await store.takeNode(Self.node(2, place: "a"))
        let owner = try await store.read { try $0.first("SELECT node_id FROM streams")?.text("node_id") }
        #expect(owner == store.node && store.isMain)
    }
}

/// When a lease may be taken: a value's decision, without a database.
@Suite("Lease watch")
struct LeaseWatchTests {
    private static let second: Int64 = 1_000_000_000

    private static func row(renewals: Int64 = 0, expiresAt: Int64 = 5_000_000, place: String = "a") throws
        -> NodeRow
    {
        let names = [
            "id", "epoch", "holder", "place", "renewals", "lease_microseconds", "expires_at", "address",
            "store",
            "is_main", "started_at",
        ]
        return try NodeRow(
            Row(
                names: Row.ColumnNames(names),
                values: [
                    "n", 1, "w", .text(place), .integer(renewals), 10_000_000, .integer(expiresAt), "", "", 1,
                    0,
                ]))
    }

    @Test("only a row that stayed the same for a whole lease, and is over, is taken")
    func decides() throws {
        var watch = LeaseWatch(leaseMicroseconds: 1_000_000, place: "b", isShared: true)
        let row = try Self.row()
        let late = Instant(microseconds: 60_000_000)
        // The database's clock alone proves nothing: it may have been set.
        #expect(!watch.mayTake(row, databaseTime: late, at: 100 * Self.second))
        watch.observe(row, at: 100 * Self.second)
        #expect(!watch.mayTake(row, databaseTime: late, at: 109 * Self.second))
        #expect(watch.mayTake(row, databaseTime: late, at: 110 * Self.second))
        #expect(!watch.mayTake(row, databaseTime: Instant(microseconds: 4_000_000), at: 110 * Self.second))
        // It may have been ahead when the row was written: nobody waits for that for ever.
        #expect(watch.mayTake(row, databaseTime: Instant(microseconds: 4_000_000), at: 120 * Self.second))
        // The holder lives.
        let renewed = try Self.row(renewals: 1)
        #expect(!watch.mayTake(renewed, databaseTime: late, at: 110 * Self.second))
        watch.observe(renewed, at: 110 * Self.second)
        #expect(watch.renewalsSeen == 1)
        #expect(!watch.mayTake(renewed, databaseTime: late, at: 119 * Self.second))
    }

    @Test("a lock that is held, or a lease given back, needs no waiting")
    func needsNoWaiting() throws {
        let now = Instant(microseconds: 0)
        let here = LeaseWatch(leaseMicroseconds: 1, place: "a", isShared: true)
        #expect(here.mayTake(try Self.row(), databaseTime: now, at: 0))
        let there = LeaseWatch(leaseMicroseconds: 1, place: "b", isShared: true)
        #expect(!there.mayTake(try Self.row(), databaseTime: now, at: 0))
        #expect(there.mayTake(try Self.row(expiresAt: 0), databaseTime: now, at: 0))
        let nowhere = LeaseWatch(leaseMicroseconds: 1, place: "", isShared: true)
        #expect(!nowhere.mayTake(try Self.row(place: ""), databaseTime: now, at: 0))
        let alone = LeaseWatch(leaseMicroseconds: 1, place: "b", isShared: false)
        #expect(alone.mayTake(try Self.row(), databaseTime: now, at: 0))
    }
}
