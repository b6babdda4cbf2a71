import Buckets
import Catalogs
import Effects
import Identity
import JSONText
import ManagementAPI
import Metastore
import Pipelines
import Scheduling
import Sessions
import Signing
import Streams
import Tables
import Telemetry
import TestKit
import Wire

/// All the management routes over real rooms in a directory of their own, called without a socket.
struct ManagementFixture {
    let router: Router
    let tokens: TokenStore
    let admin: String
    private let directory: TemporaryDirectory

    init() async throws {
        directory = try TemporaryDirectory()
        let pool = IOPool(name: "test", threads: 2)
        let clock = ManualClock()
        let metastore = try await Metastore.open(directory: directory.path, clock: clock)
        let buckets = try await BucketStore.open(
            directory: directory.path + "/objects", ioPool: pool, clock: clock)
        let catalog = Catalog(metastore: metastore, store: buckets, clock: clock)
        let streams = try await StreamRegistry.open(
            directory: directory.path + "/streams", metastore: metastore,
            environment: LogEnvironment(clock: clock, pool: pool))
        let morsels = MorselPool(threads: 1)
        let pipelines = try await PipelineService.open(
            PipelineResources(
                metastore: metastore, streams: streams, catalog: catalog, store: buckets,
                caches: TableCaches(),
                pool: morsels, ledger: MemoryLedger(limit: 1 << 30)))
        tokens = TokenStore(
            metastore: metastore, keyFile: KeyFile(key: [UInt8](repeating: 1, count: 32)), clock: clock,
            randomness: LiveRandomness())
        admin = try await tokens.create(name: "root", scopes: [Scope(.admin)], expires: nil, by: "test").value
        let services = ManagementServices(
            account: "local", buckets: buckets, catalog: catalog, streams: streams, pipelines: pipelines,
            queries: QueryRegistry(clock: clock, randomness: LiveRandomness()), tokens: tokens,
            authenticator: Authenticator(tokens: tokens), clock: clock, publicURL: { "http://firn.test" },
            publicS3URL: "http://s3.test",
            settings: ["listen": "127.0.0.1:0"], cluster: { ["nodes": [["id": "one", "state": "ready"]]] })
        router = ManagementAPI.router(services: services, log: .silent)
    }

    struct Answer {
        var status: Int
        var json: JSONValue
        var result: JSONValue { json["result"] ?? .null }
        var code: Int64? { json["errors"]?.array?.first?["code"]?.integer }
        var firnCode: String? { json["errors"]?.array?.first?["firn_code"]?.string }
        var message: String { json["errors"]?.array?.first?["message"]?.string ?? "" }
    }

    /// `path` is below the account unless it begins with a slash; an empty token sends none.
    func call(_ method: String, _ path: String, _ body: JSONValue? = nil, token: String? = nil) async throws
        -> Answer
    {
        try await call(method, path, bytes: body?.serialized() ?? [], token: token)
    }

    func call(_ method: String, _ path: String, bytes: [UInt8], token: String? = nil) async throws -> Answer {
        let target = path.hasPrefix("/") ? path : "/client/v4/accounts/local/" + path
        let token = token ?? admin
        let request = Request(
            id: RequestID("r"), method: method, target: RequestTarget(target),
            headers: token.isEmpty ? [:] : ["Authorization": "Bearer \(token)"],
            body: RequestBody(bytes: bytes))
        let response = await router.answer(request)
        guard case .bytes(let answer) = response.body else {
            return Answer(status: response.status, json: .null)
        }
        return Answer(status: response.status, json: try JSONParser.parse(answer))
    }
}
