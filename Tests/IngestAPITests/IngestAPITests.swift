import Columnar
import Effects
import FileFormats
import Identity
import JSONText
import Metastore
import Scheduling
import Streams
import Synchronization
import Telemetry
import TestKit
import Testing
import Wire

@testable import IngestAPI

/// Stands in for the pipelines.
final class Landing: Sendable {
    struct State {
        var readers = 0
        var asked: [LogOffset] = []
        var isFailing = false
        var halt: LandingHalt?
    }
    let state = Mutex(State())

    func wait(_ stream: UniqueID, _ offset: LogOffset) throws -> Int {
        try state.withLock { state in
            state.asked.append(offset)
            if let halt = state.halt { throw halt }
            if state.isFailing { throw StreamsError(.closed, "it broke") }
            return state.readers
        }
    }
}

@Suite struct IngestAPITests {
    private let directory: TemporaryDirectory
    private let router: Router
    private let registry: StreamRegistry
    private static let pool = IOPool(name: "ingest", threads: 2)
    private static let morsels = MorselPool(threads: 2)
    private let ledger = MemoryLedger(limit: 200_000)
    private let landing = Landing()

    init() async throws {
        directory = try TemporaryDirectory()
        let metastore = try await Metastore.open(directory: directory.path)
        var limits = LogLimits()
        limits.backlogBytes = 100_000
        registry = try await StreamRegistry.open(
            directory: directory.path + "/streams", metastore: metastore, limits: limits,
            environment: LogEnvironment(pool: Self.pool))
        _ = try await registry.create([
            "name": "events", "schema": ["fields": [["name": "id", "type": "int64"]]],
            "http": ["enabled": true, "authentication": true, "cors": ["origins": ["https://a.example"]]],
        ])
        _ = try await registry.create([
            "name": "open", "http": ["enabled": true, "authentication": false],
        ])
        _ = try await registry.create([
            "name": "shut", "http": ["enabled": false, "authentication": false],
        ])
        let authenticator = Authenticator { bearer in
            switch bearer {
            case "all": return Principal(tokenID: "1", scopes: [Scope(.pipelinesSend)])
            case "named": return Principal(tokenID: "2", scopes: [Scope(.pipelinesSend, [.stream: "events"])])
            case "other":
                return Principal(tokenID: "3", scopes: [Scope(.pipelinesSend, [.stream: "elsewhere"])])
            default: throw IdentityError(.unauthenticated, "nobody knows the token")
            }
        }
        var bounds = IngestAPI.Limits()
        bounds.bodyBytes = 60_000
        bounds.unfoldedBytes = 80_000
        let api = IngestAPI(
            streams: registry, authenticator: authenticator, limits: bounds, morsels: Self.morsels,
            ledger: ledger,
            land: { [landing] stream, offset, _ in try landing.wait(stream, offset) })
        router = api.router(log: .silent)
    }

    private func post(
        _ body: [UInt8], to path: String = "/ingest/events", _ headers: HTTPHeaders = [:],
        token: String? = "all",
        method: String = "POST"
    ) async -> (status: Int, body: JSONValue, headers: HTTPHeaders) {
        var headers = headers
        if let token { headers["authorization"] = "Bearer \(token)" }
        let request = Request(
            id: RequestID("r"), method: method, target: RequestTarget(path), headers: headers,
            body: RequestBody(bytes: body))
        let response = await router.answer(request)
        guard case .bytes(let bytes) = response.body, !bytes.isEmpty,
            let json = try? JSONParser.parse(bytes)
        else { return (response.status, .null, response.headers) }
        return (response.status, json, response.headers)
    }

    private func post(_ text: String, _ headers: HTTPHeaders = [:]) async -> (status: Int, body: JSONValue) {
        let answer = await post(Array(text.utf8), headers)
        return (answer.status, answer.body)
    }

    @Test func arraysObjectsLinesAndGzipAreCommitted() async throws {
        let array = await post(#"[{"id":1},{"id":2}]"#)
        #expect(array.status == 200)
        #expect(array.body == ["success": true, "result": ["committed": 2]])
        #expect(
            await post(#"{"id":1}"#, ["content-type": "application/json"]).body["result"]?["committed"] == 1)
        let lines = await post("{\"id\":1}\n{\"id\":2}\n", ["content-type": "application/x-ndjson"])
        #expect(lines.body["result"]?["committed"] == 2)
        let packed = try Codec.gzip.compress(Array(#"[{"id":1}]"#.utf8), level: 1)
        let gzip = await post(packed, ["content-encoding": "gzip"])
        #expect(gzip.body["result"]?["committed"] == 1)
        #expect(await post("[]").body["result"]?["committed"] == 0)
        let log = try registry.stream("events").log.get()
        #expect(log.status.acceptedEvents == 6)
        let records = try await log.read(from: .start, maxBytes: 1 << 20).records
        #expect(records.map(\.append.framing) == [.array, .object, .lines, .array])
        #expect(records[3].append.wasCompressed && records[3].append.body == Array(#"[{"id":1}]"#.utf8))
    }

    @Test func aStreamTakesNoLargerRequestThanItsLimitAndNoMoreThanItsRate() async throws {
        _ = try await registry.change("events", ["limits": ["request_bytes": 20]])
        #expect(await post(#"[{"id":1},{"id":2}]"#).status == 200)
        let large = await post(#"[{"id":1},{"id":23}]"# + " ")
        #expect(large.status == 413)
        #expect(large.body["errors"]?.array?.first?["message"]?.string?.contains("limit_bytes: 20") == true)
        _ = try await registry.change(
            "events", ["limits": ["request_bytes": nil, "events_per_second": 1]])
        #expect(await post(#"[{"id":1},{"id":2},{"id":3}]"#).status == 200)
        let fast = await post(Array(#"[{"id":1}]"#.utf8))
        #expect(fast.status == 429 && ["2", "3"].contains(fast.headers["retry-after"]))
        #expect(try registry.stream("events").log.get().status.acceptedEvents == 5)
    }

    @Test(arguments: [
        (#"[{"id": 1}, {"id": }]"#, "event: 1, line: 1, column: 20) at byte 19"),
        ("{\"id\": 1}\n{\"id\": \n", "event: 1, line: 2"), ("", "empty"), (#"[{"id":1}] x"#, "byte"),
    ])
    func malformedJSONIsRefusedWithItsPlaceAndNumber(_ body: String, _ place: String) async throws {
        let answer = await post(body)
        #expect(answer.status == 400)
        let error = try #require(answer.body["errors"]?.array?.first)
        #expect(error["code"] == 1003)
        #expect(error["message"]?.string?.contains(place) == true, "\(error)")
        #expect(try registry.stream("events").log.get().status.acceptedEvents == 0)
    }

    /// What is JSON refuses no request: a pipeline makes it a reject.
    @Test(arguments: ["[{\"id\":1},5]", "{\"id\":1}\n5\n", "[[{\"id\":1}],null]", "\"a\"\ntrue\n"])
    func eventsThatAreNoObjectsAreTaken(_ body: String) async throws {
        #expect(await post(body).body["result"]?["committed"] == 2)
        #expect(try registry.stream("events").log.get().status.acceptedEvents == 2)
    }

    @Test func tooLargeBodiesAreRefusedAlsoWhenTheyUnfold() async throws {
        let long = Array("[".utf8) + [UInt8](repeating: 0x20, count: 70_000) + Array("]".utf8)
        #expect(await post(long).status == 413)
        let bomb = try Codec.gzip.compress(
            Array("[".utf8) + [UInt8](repeating: 0x20, count: 900_000) + Array("]".utf8), level: 9)
        #expect(await post(bomb, ["content-encoding": "gzip"]).status == 413)
        #expect(await post([1, 2, 3], ["content-encoding": "gzip"]).status == 400)
        #expect(await post([1, 2, 3], ["content-encoding": "br"]).status == 415)
        #expect(await post(Array("[]".utf8), ["content-type": "text/xml"]).status == 415)
    }

    @Test func manySmallBombsAtOnceStayBelowTheLedgersLimit() async throws {
        // Each unfolds to 79 kB; the ledger holds two of them.
        let bomb = try Codec.gzip.compress(
            Array("[".utf8) + [UInt8](repeating: 0x20, count: 79_000) + Array("]".utf8), level: 9)
        let answers = await withTaskGroup(of: (Int, Bool).self) { group in
            for _ in 0..<40 {
                group.addTask {
                    let answer = await post(bomb, ["content-encoding": "gzip"])
                    return (answer.status, answer.headers["retry-after"] != nil)
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.allSatisfy { $0.0 == 200 || $0.0 == 429 && $0.1 })
        #expect(try await eventually { ledger.reserved == 0 })
        // What does not fit at all is refused before it is unfolded.
        let held = try ledger.reserve(150_000, for: "somebody else")
        let refused = await post(bomb, ["content-encoding": "gzip"])
        #expect(refused.status == 429)
        #expect(refused.headers["retry-after"] != nil)
        #expect(refused.body["errors"]?.array?.first?["firn_code"] == "SCH-202")
        #expect(try await eventually { ledger.reserved == held.bytes })
    }

    @Test func aByteOrderMarkIsSkipped() async throws {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let array = await post(mark + Array(#"[{"id":1},{"id":2}]"#.utf8))
        #expect(array.body["result"]?["committed"] == 2)
        let lines = await post(
            mark + Array("{\"id\":1}\n{\"id\":2}\n".utf8), ["content-type": "application/x-ndjson"])
        #expect(lines.body["result"]?["committed"] == 2)
        let wrong = await post(mark + Array(#"[{"id":}]"#.utf8))
        #expect(wrong.status == 400)
        #expect(wrong.body["errors"]?.array?.first?["message"]?.string?.contains("byte 10") == true)
        #expect(await post(mark).status == 400)
    }

    @Test func zstdIsUnfolded() async throws {
        let packed = try Codec.zstd.compress(Array(#"[{"id":1},{"id":2}]"#.utf8), level: 1)
        #expect(await post(packed, ["content-encoding": "zstd"]).body["result"]?["committed"] == 2)
        #expect(await post([1, 2, 3], ["content-encoding": "zstd"]).status == 400)
    }

    @Test func whoMaySendIsTheStreamsChoice() async throws {
        let body = Array(#"[{"id":1}]"#.utf8)
        #expect(await post(body, token: nil).status == 401)
        #expect(await post(body, token: "wrong").status == 401)
        #expect(await post(body, token: "other").status == 403)
        #expect(await post(body, to: "/ingest/nowhere", token: nil).status == 401)
        let unknown = await post(body, to: "/ingest/nowhere", token: "other")
        #expect(unknown.status == 403)
        #expect(await post(body, to: "/ingest/nowhere", token: "all").status == 404)
        #expect(await post(body, token: "named").status == 200)
        #expect(await post(body, to: "/ingest/open", token: nil).status == 200)
        // Strangers learn no name of a stream that takes nothing over HTTP either.
        #expect(await post(body, to: "/ingest/shut", token: nil).status == 401)
        #expect(await post(body, to: "/ingest/shut", token: "other").body == unknown.body)
        let shut = await post(body, to: "/ingest/shut", token: "all")
        #expect(shut.status == 403 && shut.body["errors"]?.array?.first?["firn_code"] == "ING-102")
        #expect(await post(body, to: "/ingest/none").status == 404)
    }

    @Test func theHostNamesTheStreamToo() async throws {
        let body = Array(#"[{"id":1}]"#.utf8)
        let id = try registry.stream("events").definition.id.hexDigits
        #expect(await post(body, to: "/", ["host": "\(id).ingest.example:8787"]).status == 200)
        #expect(await post(body, to: "/", ["host": "localhost"]).status == 404)
    }

    @Test func aRepeatedRequestIsKeptOnce() async throws {
        let body = Array(#"[{"id":1},{"id":2}]"#.utf8)
        let key: HTTPHeaders = ["idempotency-key": "\"4f-1\""]
        let first = await post(body, key)
        #expect(first.status == 200 && first.headers["idempotent-replayed"] == nil)
        let again = await post(body, ["idempotency-key": "4f-1"])
        #expect(again.status == 200 && again.headers["idempotent-replayed"] == "true")
        #expect(again.body == first.body)
        #expect(try registry.stream("events").log.get().status.acceptedEvents == 2)
        let other = await post(Array(#"[{"id":3}]"#.utf8), key)
        #expect(other.status == 422)
        #expect(other.body["errors"]?.array?.first?["firn_code"] == "STR-106")
        func step(_ number: String) -> HTTPHeaders { ["firn-producer": "p", "firn-sequence": number] }
        #expect(await post(body, step("5")).headers["idempotent-replayed"] == nil)
        let replayed = await post(body, step("5"))
        #expect(replayed.headers["idempotent-replayed"] == "true")
        #expect(replayed.headers["firn-last-sequence"] == "5")
        #expect(await post(body, step("7")).status == 409)
        #expect(await post(body, step("6")).status == 200)
        #expect(try registry.stream("events").log.get().status.acceptedEvents == 6)
    }

    @Test(arguments: [
        ["idempotency-key": ""], ["idempotency-key": String(repeating: "x", count: 256)],
        ["idempotency-key": "a", "firn-producer": "b"], ["firn-producer": "a"], ["firn-sequence": "1"],
        ["firn-producer": "a", "firn-sequence": "-1"], ["firn-producer": "a", "firn-sequence": "one"],
    ])
    func aKeyThatIsNoneIsRefused(_ names: [String: String]) async throws {
        var headers = HTTPHeaders()
        for (name, value) in names { headers[name] = value }
        let answer = await post(Array(#"[{"id":1}]"#.utf8), headers)
        #expect(answer.status == 400)
        #expect(answer.body["errors"]?.array?.first?["firn_code"] == "ING-105")
    }

    @Test(arguments: ["idempotency-key", "firn-producer", "firn-sequence"])
    func aKeyThatIsGivenTwiceIsRefused(_ name: String) async throws {
        var headers: HTTPHeaders =
            name == "idempotency-key"
            ? ["idempotency-key": "1"] : ["firn-producer": "1", "firn-sequence": "1"]
        #expect(await post(Array(#"[{"id":1}]"#.utf8), headers).status == 200)
        headers.append(name, "1")
        let answer = await post(Array(#"[{"id":2}]"#.utf8), headers)
        #expect(answer.status == 400)
        #expect(answer.body["errors"]?.array?.first?["firn_code"] == "ING-105")
    }

    @Test func aPathThatIsNotPercentEncodedIsMalformed() async throws {
        let answer = await post([], to: "/ingest/%zz")
        #expect(answer.status == 400)
        #expect(answer.body["errors"]?.array?.first?["firn_code"] == "WIR-101", "\(answer.body)")
    }

    @Test func aValidatedAnswerNamesTheMisfits() async throws {
        _ = try await registry.change("events", ["acknowledge": "validated"])
        let answer = await post(#"[{"id":1},{"id":"x"},{"id":2},{"id":true}]"#)
        #expect(answer.status == 200)
        let result = try #require(answer.body["result"])
        #expect(result["committed"] == 2 && result["rejected"] == 2)
        #expect(result["misfits"]?.array?.map { $0["index"] } == [1, 3])
        #expect(result["misfits"]?.array?.map { $0["path"] } == ["$.id", "$.id"])
        #expect(result["misfits"]?.array?.first?["message"]?.string?.contains("int64") == true)
        #expect(result["misfits"]?.array?.first?["expected"] == "an integer of int64")
        #expect(result["misfits"]?.array?.first?["found"]?.string?.isEmpty == false)
        #expect(result["truncated"] == false)
        // All four are kept: the pipeline puts the misfits among the rejects.
        #expect(try registry.stream("events").log.get().status.acceptedEvents == 4)
        await #expect(throws: StreamsError.self) {
            _ = try await registry.change("events", ["acknowledge": "never"])
        }
    }

    /// What is parsed takes several times the body: without memory for it the request waits its turn.
    @Test func validationIsPromisedToTheLedger() async throws {
        _ = try await registry.change("events", ["acknowledge": "validated"])
        let events = "[" + Array(repeating: #"{"id":1}"#, count: 2_000).joined(separator: ",") + "]"
        #expect(await post(events).status == 200)
        // The log's thread lets go of a body a moment after its answer.
        #expect(try await eventually { ledger.reserved == 0 })
        // Room for the body, and not for its rows.
        let held = try ledger.reserve(150_000, for: "somebody else")
        let refused = await post(Array(events.utf8))
        #expect(refused.status == 429 && refused.headers["retry-after"] != nil)
        #expect(refused.body["errors"]?.array?.first?["firn_code"] == "SCH-202")
        #expect(try registry.stream("events").log.get().status.acceptedEvents == 2_000)
        #expect(try await eventually { ledger.reserved == held.bytes })
        _ = try await registry.change("events", ["acknowledge": "durable"])
        #expect(await post(events).status == 200)
    }

    @Test func aLandedAnswerWaitsForThePipelines() async throws {
        _ = try await registry.change("events", ["acknowledge": "landed"])
        landing.state.withLock { $0.readers = 2 }
        let answer = await post(#"[{"id":1}]"#)
        #expect(answer.body["result"] == ["committed": 1, "landed": true])
        #expect(landing.state.withLock { $0.asked } == [LogOffset(record: 1)])
        landing.state.withLock { $0.readers = 0 }
        let alone = await post(#"[{"id":1}]"#)
        #expect(alone.status == 504)
        #expect(alone.body["errors"]?.array?.first?["firn_code"] == "ING-107")
        landing.state.withLock { $0.isFailing = true }
        let passing = await post(#"[{"id":1}]"#)
        #expect(passing.status == 504 && message(passing.body).contains("they land by themselves"))
        // Nothing lands by itself where somebody has to act.
        let halt = LandingHalt(reason: "a pipeline is paused (pipeline: p)", remedy: "resume it")
        landing.state.withLock { $0.halt = halt }
        let halted = message(await post(#"[{"id":1}]"#).body)
        #expect(halted.contains("paused (pipeline: p)") && halted.contains("resume it"))
        #expect(!halted.contains("by themselves"))
        #expect(try registry.stream("events").log.get().status.acceptedEvents == 4)
    }

    private func message(_ body: JSONValue) -> String {
        body["errors"]?.array?.first?["message"]?.string ?? ""
    }

    @Test func aPageReadsTheHeadersItNeedsAlsoOfRefusals() async throws {
        let page: HTTPHeaders = ["origin": "https://a.example"]
        for body in [#"[{"id":1}]"#, "not JSON"] {
            let answer = await post(Array(body.utf8), page)
            #expect(answer.headers["access-control-allow-origin"] == "https://a.example", "\(body)")
            let exposed = answer.headers["access-control-expose-headers"] ?? ""
            for name in ["firn-last-sequence", "idempotent-replayed", "retry-after"] {
                #expect(exposed.contains(name))
            }
        }
        let stranger = await post(Array("[]".utf8), ["origin": "https://b.example"])
        #expect(stranger.headers["access-control-expose-headers"] == nil)
    }

    @Test func arrowStreamsAreTaken() async throws {
        let type: HTTPHeaders = ["content-type": "application/vnd.apache.arrow.stream"]
        let schema = Schema([Field("id", .long), Field("more", .string)])
        let rows = Batch(
            schema: schema,
            columns: [
                Column(.long, count: 2, .int64([1, 2])),
                Column(.string, count: 2, .string(StringColumn(["a", "b"]))),
            ], rowCount: 2)
        let encoder = try ArrowStreamEncoder(schema: schema)
        let body = try encoder.encode(rows) + encoder.finish()
        #expect(await post(body, type).body["result"]?["committed"] == 2)
        let record = try #require(
            try await registry.stream("events").log.get().read(from: .start, maxBytes: 1000).records.first)
        #expect(
            String(decoding: record.append.body, as: UTF8.self)
                == "{\"id\":1,\"more\":\"a\"}\n{\"id\":2,\"more\":\"b\"}\n")
        for damaged in [Array("{}".utf8), Array(body.dropLast(30)), body + [0]] {
            let refused = await post(damaged, type)
            #expect(refused.status == 400)
            #expect(refused.body["errors"]?.array?.first?["code"] == 1003)
        }
        #expect(try await eventually { ledger.reserved == 0 })
    }

    @Test func csvWithAHeadLineIsTaken() async throws {
        let type: HTTPHeaders = ["content-type": "text/csv; charset=utf-8"]
        let answer = await post(
            Array("\u{FEFF}id,\"a,b\"\r\n1,x\r\n2,\"say \"\"hi\"\"\"\r\n,\r\n".utf8), type)
        #expect(answer.status == 200)
        #expect(answer.body["result"]?["committed"] == 3)
        let record = try #require(
            try await registry.stream("events").log.get().read(from: .start, maxBytes: 1000).records.first)
        #expect(
            String(decoding: record.append.body, as: UTF8.self)
                == "{\"id\":1,\"a,b\":\"x\"}\n{\"id\":2,\"a,b\":\"say \\\"hi\\\"\"}\n{}\n")
        for text in ["id\r1\r2\r", "text,id\n5\" a,1\n6\" b,2\n"] {
            let taken = await post(Array(text.utf8), type)
            #expect(taken.body["result"]?["committed"] == 2, "\(text)")
        }
        for (text, place) in [
            ("id\n1,2\n", "row: 1"), ("id,id\n1,2\n", "name"), ("id\n\"1\n", "quoted"), ("", "head"),
            ("id\n", "empty"), ("id;text\n1;a\n", "commas"), ("id\n1\r2\n", "carriage return"),
        ] {
            let refused = await post(Array(text.utf8), type)
            #expect(refused.status == 400, "\(text)")
            let message = refused.body["errors"]?.array?.first?["message"]?.string ?? ""
            #expect(message.contains(place), "\(text): \(message)")
            #expect(refused.body["errors"]?.array?.first?["code"] == 1003)
        }
        // Long names blow a body up.
        let wide = "id," + String(repeating: "n", count: 2000) + "\n" + String(repeating: "1,1\n", count: 100)
        #expect(await post(Array(wide.utf8), type).status == 413)
        #expect(try await eventually { ledger.reserved == 0 })
    }

    @Test func aFullBacklogAsksToComeBack() async throws {
        let body = Array("[{\"id\":1}".utf8) + [UInt8](repeating: 0x20, count: 50_000) + Array("]".utf8)
        #expect(await post(body).status == 200)
        let refused = await post(body)
        #expect(refused.status == 429)
        #expect(refused.headers["retry-after"] != nil)
        #expect(refused.body["errors"]?.array?.first?["firn_code"] == "STR-201")
    }

    @Test func onlyListedOriginsMaySendFromAPage() async throws {
        let listed = await post(
            [], to: "/ingest/events", ["origin": "https://a.example"], token: nil, method: "OPTIONS")
        #expect(listed.status == 204)
        #expect(listed.headers["access-control-allow-origin"] == "https://a.example")
        let stranger = await post(
            [], to: "/ingest/events", ["origin": "https://b.example"], token: nil, method: "OPTIONS")
        #expect(stranger.headers["access-control-allow-origin"] == nil)
        let nothing = await post(
            [], to: "/ingest/nothing", ["origin": "https://b.example"], token: nil, method: "OPTIONS")
        #expect(nothing.status == stranger.status)
        #expect(nothing.headers.entries.map(\.name) == stranger.headers.entries.map(\.name))
    }
}
