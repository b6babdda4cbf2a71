import Effects
import Foundation
import Metastore
import Octets
import Signing
import TestKit
import Testing

@testable import Identity

@Suite("Token store")
struct TokenStoreTests {
    private let clock = ManualClock()
    private let randomness = SeededRandomness(seed: 7)
    private let key = KeyFile(key: [UInt8](repeating: 3, count: 32))

    private func open(_ directory: TemporaryDirectory) async throws -> TokenStore {
        TokenStore(
            metastore: try await Metastore.open(directory: directory.path), keyFile: key, clock: clock,
            randomness: randomness)
    }

    private func code(_ body: () async throws -> Void) async -> IdentityError.Code? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? IdentityError)?.code
        }
    }

    @Test("one token is a bearer and an S3 key pair, also after a restart")
    func bothWays() async throws {
        let directory = try TemporaryDirectory()
        let scopes = [try Scope(parsing: "catalog:read:bucket=lake"), try Scope(parsing: "sql:read")]
        let issued = try await open(directory).create(name: "reader", scopes: scopes, expires: nil, by: "me")
        let store = try await open(directory)
        #expect(try await store.verify(bearer: issued.value).scopes == scopes)
        let pair = try await store.s3Secret(accessKey: issued.token.id)
        #expect(pair.secret == Hex.encode(SHA256.hash(issued.value)))
        #expect(pair.principal.tokenID == issued.token.id)
        #expect(try await store.list() == [issued.token])
        #expect(await code { _ = try await store.verify(bearer: issued.value + "0") } == .unauthenticated)
        #expect(await code { _ = try await store.s3Secret(accessKey: "nobody") } == .unauthenticated)
    }

    @Test("neither the value nor the secret is on disk")
    func nothingInClear() async throws {
        let directory = try TemporaryDirectory()
        let issued = try await open(directory).create(
            name: "x", scopes: [Scope(.sqlRead)], expires: nil, by: "me")
        for name in try FileManager.default.contentsOfDirectory(atPath: directory.path) {
            let bytes = try #require(FileManager.default.contents(atPath: directory.path + "/" + name))
            #expect(bytes.range(of: Data(issued.value.utf8)) == nil, "\(name)")
            #expect(bytes.range(of: Data(Hex.encode(SHA256.hash(issued.value)).utf8)) == nil, "\(name)")
        }
    }

    @Test("a token that another node deletes ends when that is noticed")
    func endsElsewhere() async throws {
        let directory = try TemporaryDirectory()
        let (here, there) = (try await open(directory), try await open(directory))
        _ = try await here.create(name: "root", scopes: [Scope(.admin)], expires: nil, by: "me")
        for _ in 0..<3 {
            let issued = try await there.create(
                name: "x", scopes: [Scope(.sqlRead)], expires: nil, by: "me")
            try await here.noticeChanges()
            try await here.noticeChanges()
            _ = try await here.verify(bearer: issued.value)
            try await there.delete(issued.token.id, by: "me")
            _ = try await here.verify(bearer: issued.value)
            try await here.noticeChanges()
            #expect(await code { _ = try await here.verify(bearer: issued.value) } == .unauthenticated)
        }
    }

    @Test("a token ends with its time and with its deletion, cached or not")
    func ends() async throws {
        let directory = try TemporaryDirectory()
        let store = try await open(directory)
        _ = try await store.create(name: "root", scopes: [Scope(.admin)], expires: nil, by: "me")
        let soon = Instant(microseconds: clock.now.microseconds + 1_000_000)
        let brief = try await store.create(name: "brief", scopes: [Scope(.sqlRead)], expires: soon, by: "me")
        let gone = try await store.create(name: "gone", scopes: [Scope(.sqlRead)], expires: nil, by: "me")
        _ = try await store.verify(bearer: brief.value)
        _ = try await store.verify(bearer: gone.value)
        clock.advance(microseconds: 1_000_000)
        #expect(await code { _ = try await store.verify(bearer: brief.value) } == .unauthenticated)
        try await store.delete(gone.token.id, by: "me")
        #expect(await code { _ = try await store.verify(bearer: gone.value) } == .unauthenticated)
        #expect(await code { try await store.delete(gone.token.id, by: "me") } == .noSuchToken)
        #expect(
            await code {
                _ = try await store.create(name: "late", scopes: [Scope(.sqlRead)], expires: soon, by: "me")
            }
                == .invalidToken)
    }

    @Test("the last administrator stays")
    func lastAdministrator() async throws {
        let directory = try TemporaryDirectory()
        let store = try await open(directory)
        let first = try await store.create(name: "a", scopes: [Scope(.admin)], expires: nil, by: "me")
        let limited = try Scope(parsing: "catalog:manage:bucket=lake")
        _ = try await store.create(name: "b", scopes: [limited, Scope(.sqlRead)], expires: nil, by: "me")
        #expect(await code { try await store.delete(first.token.id, by: "me") } == .lastAdministrator)
        let second = try await store.create(name: "c", scopes: [Scope(.admin)], expires: nil, by: "me")
        try await store.delete(first.token.id, by: second.token.id)
    }

    @Test("the first start writes a token that its owner alone can read; later starts leave it")
    func firstStart() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/admin-token"
        let file = AdminTokenFile(path: path)
        try await open(directory).ensureAdministrator(file: file, preset: nil)
        let written = try #require(try file.read())
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber
        #expect(mode?.intValue == 0o600)
        let store = try await open(directory)
        try await store.ensureAdministrator(file: file, preset: nil)
        #expect(try await store.verify(bearer: written.value).allows(.admin, on: .account))
        #expect(try await store.list().count == 1)
    }

    @Test("a crash between the file and the row is healed, a removed file is not written again")
    func healsFirstStart() async throws {
        let directory = try TemporaryDirectory()
        let file = AdminTokenFile(path: directory.path + "/admin-token")
        try file.write(id: "root", value: "s3cret")
        let store = try await open(directory)
        try await store.ensureAdministrator(file: file, preset: nil)
        #expect(try await store.verify(bearer: "s3cret").tokenID == "root")
        try FileManager.default.removeItem(atPath: directory.path + "/admin-token")
        try await store.ensureAdministrator(file: file, preset: nil)
        #expect(try file.read() == nil)
    }

    @Test("a preset token replaces the preset before it, and no token that was made otherwise")
    func presetReplaces() async throws {
        let directory = try TemporaryDirectory()
        let file = AdminTokenFile(path: directory.path + "/admin-token")
        let store = try await open(directory)
        try await store.ensureAdministrator(file: file, preset: nil)
        let first = try #require(try file.read())
        let made = try await store.create(
            name: "administrator", scopes: [Scope(.admin)], expires: nil, by: "me")
        #expect(try await store.ensureAdministrator(file: file, preset: "opsaaa:oldvalue123") == [])
        #expect(try await store.ensureAdministrator(file: file, preset: "opsaaa:oldvalue123") == [])
        #expect(try await store.verify(bearer: "oldvalue123").tokenID == "opsaaa")
        let later = try await open(directory)
        #expect(try await later.ensureAdministrator(file: file, preset: "opsbbb:newvalue456") == ["opsaaa"])
        #expect(await code { _ = try await later.verify(bearer: "oldvalue123") } == .unauthenticated)
        #expect(await code { _ = try await later.s3Secret(accessKey: "opsaaa") } == .unauthenticated)
        for value in ["newvalue456", first.value, made.value] {
            #expect(try await later.verify(bearer: value).allows(.admin, on: .account))
        }
        // Without the setting the last one stays: somebody must be able to administer.
        #expect(try await later.ensureAdministrator(file: file, preset: nil) == [])
        #expect(try await later.verify(bearer: "newvalue456").tokenID == "opsbbb")
    }

    @Test("a preset token replaces its older value")
    func preset() async throws {
        let directory = try TemporaryDirectory()
        let file = AdminTokenFile(path: directory.path + "/admin-token")
        let store = try await open(directory)
        try await store.ensureAdministrator(file: file, preset: "root:one")
        try await store.ensureAdministrator(file: file, preset: "root:two:parts")
        #expect(try await store.verify(bearer: "two:parts").tokenID == "root")
        #expect(await code { _ = try await store.verify(bearer: "one") } == .unauthenticated)
        for bad in ["", "root", "root:", ":value", "ro ot:x", "root:v\n"] {
            #expect(
                await code { try await store.ensureAdministrator(file: file, preset: bad) } == .invalidToken,
                "\(bad)")
        }
    }
}
