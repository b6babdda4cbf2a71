import Blobs
import Catalogs
import Effects
import Foundation
import Identity
import JSONText
import Metastore
import Scheduling
import Tables
import Telemetry
import TestKit
import Wire

@testable import CatalogAPI

/// The catalog's routes over a fresh catalog; the bearer value names who asks: `root`, or what `scopes` has.
struct APIFixture {
    let directory: TemporaryDirectory
    let clock = ManualClock()
    let store: MemoryBlobStore
    let failing: FailingBlobStore
    let metastore: Metastore
    let catalog: Catalog
    let plans: PlanService
    let planResources: PlanService.Resources
    private(set) var router: Router

    static let scopes: [String: [String]] = [
        "root": ["admin"], "reader": ["catalog:read"], "lake-reader": ["catalog:read:bucket=lake"],
        "clicks": ["catalog:write:bucket=lake,table=web.raw.clicks"], "web": ["catalog:write:namespace=web"],
        "sql": ["sql:read"], "spaced": ["catalog:write:bucket=lake,namespace=p q"],
    ]

    init(planLimits: PlanLimits = PlanLimits()) async throws {
        directory = try TemporaryDirectory()
        store = MemoryBlobStore(clock: clock, buckets: ["lake", "sea"])
        failing = FailingBlobStore(store)
        metastore = try await Metastore.open(directory: directory.path, clock: clock)
        catalog = Catalog(
            metastore: metastore, store: failing, clock: clock,
            randomness: SeededRandomness(seed: 1))
        _ = try await catalog.enableWarehouse(bucket: "lake")
        _ = try await catalog.enableWarehouse(bucket: "sea")
        planResources = PlanService.Resources(
            caches: TableCaches(), pool: MorselPool(threads: 1), ledger: MemoryLedger(limit: 1 << 28),
            key: [1, 2, 3])
        plans = PlanService(catalog: catalog, resources: planResources, limits: planLimits)
        router = Self.router(catalog, plans, clock, publicS3URL: "http://127.0.0.1:9000")
    }

    private static func router(
        _ catalog: Catalog, _ plans: PlanService, _ clock: ManualClock, publicS3URL: String
    ) -> Router {
        CatalogAPI(
            catalog: catalog, plans: plans, settings: CatalogAPI.Settings(publicS3URL: publicS3URL),
            verify: { value in
                guard let scopes = Self.scopes[value] else {
                    throw IdentityError(.unauthenticated, "nobody knows this token")
                }
                return Principal(tokenID: "id-\(value)", scopes: try scopes.map { try Scope(parsing: $0) })
            }, clock: clock,
            vend: { TemporaryCredential($0, parent: $1, vendingSecret: "node's secret", now: clock.now) }
        ).router(log: .silent)
    }

    /// The same catalog behind a server that was started with other settings.
    func restarted(publicS3URL: String) -> APIFixture {
        var other = self
        other.router = Self.router(catalog, plans, clock, publicS3URL: publicS3URL)
        return other
    }

    struct Answer {
        var status: Int
        var headers: HTTPHeaders
        var body: JSONValue
        var errorType: String? { body["error"]?["type"]?.string }
    }

    func send(
        _ method: String, _ target: String, _ body: JSONValue? = nil, as token: String = "root",
        headers: [String: String] = [:]
    ) async throws -> Answer {
        try await sendRaw(method, target, body?.serialized() ?? [], as: token, headers: headers)
    }

    func sendRaw(
        _ method: String, _ target: String, _ bytes: [UInt8], as token: String = "root",
        headers: [String: String] = [:]
    ) async throws -> Answer {
        let raw = try await exchange(method, target, bytes, as: token, headers: headers)
        return Answer(
            status: raw.status, headers: raw.headers,
            body: raw.bytes.isEmpty ? .null : try JSONParser.parse(raw.bytes))
    }

    struct RawAnswer {
        var status: Int
        var headers: HTTPHeaders
        var bytes: [UInt8]
    }

    func exchange(
        _ method: String, _ target: String, _ bytes: [UInt8] = [], as token: String = "root",
        headers: [String: String] = [:]
    ) async throws -> RawAnswer {
        var all: HTTPHeaders = ["authorization": "Bearer \(token)"]
        for (name, value) in headers { all[name] = value }
        let response = await router.answer(
            Request(
                id: RequestID("test"), method: method, target: RequestTarget(target), headers: all,
                body: RequestBody(bytes: bytes)))
        guard case .bytes(let answer) = response.body else { throw UnexpectedBody() }
        return RawAnswer(status: response.status, headers: response.headers, bytes: answer)
    }

    struct UnexpectedBody: Error {}

    /// Everything the Metastore has stored, as text that can be searched.
    func databaseText() throws -> String {
        try FileManager.default.contentsOfDirectory(atPath: directory.path).map { name in
            String(
                decoding: try Data(contentsOf: URL(filePath: directory.path + "/" + name)), as: UTF8.self)
        }.joined()
    }

    static let base = "/catalog/v1/local_lake"

    static let schema: JSONValue = [
        "type": "struct", "schema-id": 0,
        "fields": [
            ["id": 1, "name": "id", "required": true, "type": "long"],
            ["id": 2, "name": "url", "required": false, "type": "string"],
        ],
    ]

    /// `web`, `web.raw` and the table `web.raw.clicks`.
    func populate() async throws {
        _ = try await send("POST", Self.base + "/namespaces", ["namespace": ["web"]])
        _ = try await send("POST", Self.base + "/namespaces", ["namespace": ["web", "raw"]])
        let made = try await send(
            "POST", Self.base + "/namespaces/web%1Fraw/tables", ["name": "clicks", "schema": Self.schema])
        guard made.status == 200 else { throw UnexpectedBody() }
    }
}
