import Dispatch
import Effects
import Faults
import Synchronization
import TestKit
import Testing

@testable import Metastore

/// What happens to transactions when the database, or the connection to it, goes away. The server is this suite's own.
@Suite("Metastore on a PostgreSQL that fails", .serialized)
struct PostgresFaultTests {
    private let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory() }

    private static func names(_ store: Metastore) async throws -> [String] {
        try await store.read {
            try $0.query("SELECT name FROM numbers ORDER BY name").map { try $0.text("name") }
        }
    }

    /// Breaks the writer's connection from another one, as a dead network or an administrator would.
    private static func breakWriter(_ place: MetastorePlace) throws {
        guard case .postgres(let address, _) = place else { return }
        let other = try PostgresConnection(url: address.url)
        // Others of this server hold locks of other schemas.
        _ = try other.query(
            """
            SELECT pg_terminate_backend(pid, 5000) FROM pg_locks
            WHERE locktype = 'advisory' AND objid = (hashtext(current_schema())::bigint & 4294967295)::oid
            """, [])
    }

    @Test("a connection that broke between two writes is made again")
    func reconnects() async throws {
        let database = try TestDatabase(.postgres, directory)
        let store = try await database.open()
        for number in 0..<5 {
            try await store.write {
                _ = try $0.execute("INSERT INTO numbers (name) VALUES (?)", [.text("\(number)")])
            }
            try Self.breakWriter(database.place)
        }
        #expect(try await Self.names(store) == ["0", "1", "2", "3", "4"])
    }

    @Test("a connection that breaks inside a write leaves nothing, and the write is made again")
    func breaksInside() async throws {
        let database = try TestDatabase(.postgres, directory)
        let store = try await database.open()
        let place = database.place
        let tries = Counter()
        try await store.write { transaction in
            try transaction.execute("INSERT INTO numbers (name) VALUES ('one')")
            if tries.next() == 1 { try Self.breakWriter(place) }
            try transaction.execute("INSERT INTO numbers (name) VALUES ('two')")
        }
        #expect(tries.next() == 3)
        #expect(try await Self.names(store) == ["one", "two"])
    }

    @Test("the outcome of a COMMIT whose answer was lost is looked up", arguments: [true, false])
    func looksUp(hasHappened: Bool) async throws {
        let database = try TestDatabase(.postgres, directory)
        let store = try await database.open()
        let place = database.place
        let tries = Counter()
        // The closure ends the transaction itself, or the connection; the COMMIT that follows finds it broken.
        try await store.write { transaction in
            let number = tries.next()
            try transaction.execute("INSERT INTO numbers (name) VALUES (?)", [.text("try \(number)")])
            guard number == 1 else { return }
            if hasHappened { try transaction.execute("COMMIT") }
            try Self.breakWriter(place)
        }
        #expect(try await Self.names(store) == [hasHappened ? "try 1" : "try 2"])
    }

    @Test("two processes write to one database, and each finds out what became of its own COMMIT")
    func twoWriters() async throws {
        let database = try TestDatabase(.postgres, directory)
        let (first, second) = (try await database.open(), try await database.open())
        let place = database.place
        for store in [first, second] {
            let tries = Counter()
            try await store.write { transaction in
                let number = tries.next()
                try transaction.execute("INSERT INTO numbers (name) VALUES (?)", [.text("\(number)")])
                try transaction.execute("DELETE FROM numbers")
                if number == 1 { try Self.breakWriter(place) }
            }
            #expect(tries.next() == 3)
        }
        for number in 0..<20 {
            async let one: Void = first.write {
                _ = try $0.execute("INSERT INTO numbers (name) VALUES (?)", [.text("a\(number)")])
            }
            async let two: Void = second.write {
                _ = try $0.execute("INSERT INTO numbers (name) VALUES (?)", [.text("b\(number)")])
            }
            _ = try await (one, two)
        }
        #expect(try await Self.names(first).count == 40)
    }

    @Test("the schema is brought up to date by one that has it alone")
    func migratesAlone() async throws {
        let database = try TestDatabase(.postgres, directory)
        var limits = Metastore.Limits()
        limits.outageSeconds = 0
        let first = try await database.open()
        let newer = TestDatabase.numbers + [["CREATE TABLE more (name TEXT PRIMARY KEY)"]]
        let error = await #expect(throws: MetastoreError.self) {
            try await database.open(newer, limits: limits)
        }
        #expect(error?.code == .ownedByAnother)
        try await first.close()
        #expect(try await database.open(newer).schemaVersion == 2)
    }

    @Test("a process that stands still amidst a transaction does not hold up who takes its node over")
    func takesFromOneThatStandsStill() async throws {
        let database = try TestDatabase(.postgres, directory)
        let versions = [TestDatabase.numbers[0] + NodeLeaseTests.tables]
        let (first, second) = (try await database.open(versions), try await database.open(versions))
        let identity = NodeIdentity(id: UniqueID(high: 1, low: 1), place: "here")
        _ = try await first.takeNode(identity)
        let (paused, resumed) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let tries = Counter()
        let write = Task {
            try await first.write { transaction in
                try transaction.execute("INSERT INTO numbers (name) VALUES ('late')")
                if tries.next() == 1 {
                    paused.signal()
                    resumed.wait()
                }
            }
        }
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                paused.wait()
                continuation.resume()
            }
        }
        let taken = try await second.takeNode(identity)
        #expect(taken.epoch == 2)
        resumed.signal()
        // It cannot tell any more whether its COMMIT came through before.
        if case .failure(let fault) = await write.result {
            #expect((fault as? MetastoreError)?.code == .outcomeUnknown)
        } else {
            Issue.record("a process without its node committed")
        }
        let error = await #expect(throws: MetastoreError.self) {
            try await first.write { _ = try $0.execute("INSERT INTO numbers (name) VALUES ('later')") }
        }
        #expect(error?.code == .takenOver)
        #expect(try await Self.names(second).isEmpty)
        #expect(first.lease.isLost)
    }

    @Test("rows of one data directory are not opened with another one")
    func oneDirectory() async throws {
        guard case .postgres(let address, _) = try TestDatabase(.postgres, directory).place else { return }
        try await Metastore.open(.postgres(address, owner: "a")).close()
        try await Metastore.open(.postgres(address, owner: "a")).close()
        let error = await #expect(throws: MetastoreError.self) {
            try await Metastore.open(.postgres(address, owner: "b"))
        }
        #expect(error?.code == .ownedByAnother)
    }

    @Test("a text with a zero character is refused, not cut")
    func refusesZero() async throws {
        let store = try await TestDatabase(.postgres, directory).open()
        let error = await #expect(throws: MetastoreError.self) {
            try await store.write {
                _ = try $0.execute("INSERT INTO numbers (name) VALUES (?)", ["a\u{0}b"])
            }
        }
        #expect(error?.code == .textUnstorable && error?.kind == .invalidRequest)
        #expect(try await Self.names(store).isEmpty)
    }

    @Test("two transactions that contradict each other are made one after the other")
    func serialises() async throws {
        let database = try TestDatabase(.postgres, directory)
        let store = try await database.open()
        try await store.write { _ = try $0.execute("INSERT INTO numbers (name, value) VALUES ('n', 0)") }
        guard case .postgres(let address, _) = database.place else { return }
        let tries = Counter()
        try await store.write { transaction in
            let value = try transaction.first("SELECT value FROM numbers WHERE name = 'n'")?.integer("value")
            if tries.next() == 1 {
                let other = try PostgresConnection(url: address.url)
                try other.run("UPDATE numbers SET value = 10 WHERE name = 'n'")
            }
            try transaction.execute(
                "UPDATE numbers SET value = ? WHERE name = 'n'", [.integer((value ?? 0) + 1)])
        }
        let value = try await store.read { try $0.first("SELECT value FROM numbers")?.integer("value") }
        #expect(value == 11 && tries.next() == 3)
    }

    @Test("while the server is away callers hear so; when it is back everything acknowledged is there")
    func serverRestarts() async throws {
        let server = try PostgresForTests()
        let database = try TestDatabase(.postgres, directory, server: server)
        var limits = Metastore.Limits()
        limits.outageSeconds = 1
        let store = try await database.open(limits: limits)
        try await store.write { _ = try $0.execute("INSERT INTO numbers (name) VALUES ('before')") }
        try server.kill()
        let write = await #expect(throws: MetastoreError.self) {
            try await store.write { _ = try $0.execute("INSERT INTO numbers (name) VALUES ('lost')") }
        }
        #expect(write?.code == .unavailable && write?.kind == .unavailable)
        await #expect(throws: MetastoreError.self) { _ = try await Self.names(store) }
        try server.start()
        try await store.write { _ = try $0.execute("INSERT INTO numbers (name) VALUES ('again')") }
        #expect(try await Self.names(store) == ["again", "before"])
    }

    @Test("an address shows neither its password nor its parameters")
    func hidesPassword() throws {
        for (text, shown) in [
            ("postgres://firn:se:cr@t@db:5432/firn?sslmode=verify-full", "postgres://firn@db:5432/firn"),
            ("postgresql:///firn?password=secret", "postgresql:///firn"),
            ("postgres://firn:a?b@db/firn", "postgres://(hidden)"),
        ] {
            #expect(PostgresAddress(text)?.description == shown)
        }
        #expect(PostgresAddress("mysql://db") == nil)
    }
}

/// Counts over the closures that share it.
private final class Counter: Sendable {
    private let value = Atomic<Int>(0)
    func next() -> Int { value.add(1, ordering: .relaxed).newValue }
}
