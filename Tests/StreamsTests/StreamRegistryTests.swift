import Effects
import FileFormats
import JSONText
import Metastore
import Scheduling
import TestKit
import Testing

@testable import Streams

@Suite struct StreamRegistryTests {
    private let directory: TemporaryDirectory
    private static let pool = IOPool(name: "registry", threads: 2)
    init() throws { directory = try TemporaryDirectory() }

    private func open(_ metastore: Metastore) async throws -> StreamRegistry {
        try await StreamRegistry.open(
            directory: directory.path + "/streams", metastore: metastore,
            environment: LogEnvironment(clock: ManualClock(), pool: Self.pool))
    }

    private let clicks: JSONValue = [
        "name": "clicks", "schema": ["fields": [["name": "id", "type": "int64", "required": true]]],
        "http": ["enabled": true, "authentication": false, "cors": ["origins": ["https://a.example"]]],
    ]

    @Test func aStreamIsFoundByIdAndByNameAlsoAfterARestart() async throws {
        let metastore = try await Metastore.open(directory: directory.path)
        let first = try await open(metastore)
        let created = try await first.create(clicks)
        let log = try first.stream("clicks").log.get()
        _ = try await log.append(
            LogAppend(body: [0x31], eventCount: 4, framing: .lines, receivedAt: Instant(microseconds: 0)))
        await first.close()
        let second = try await open(metastore)
        let found = try second.stream(created.id.hexDigits)
        #expect(found.definition == created)
        #expect(try found.log.get().status.acceptedEvents == 4)
        #expect(found.definition.http.corsOrigins == ["https://a.example"])
        #expect(second.definitions.map(\.name) == ["clicks"])
        await second.close()
        try await metastore.close()
    }

    @Test func namesAreUniqueAndChecked() async throws {
        let metastore = try await Metastore.open(directory: directory.path)
        let registry = try await open(metastore)
        _ = try await registry.create(clicks)
        let taken = await #expect(throws: StreamsError.self) { _ = try await registry.create(clicks) }
        #expect(taken?.code == .nameTaken)
        for name in ["", "a-b", "ä", String(repeating: "x", count: 129)] {
            let invalid = await #expect(throws: StreamsError.self) {
                _ = try await registry.create(["name": .string(name)])
            }
            #expect(invalid?.code == .invalidName)
        }
        await #expect(throws: FileFormatsError.self) {
            _ = try await registry.create(
                ["name": "b", "schema": ["fields": [["name": "id", "type": "nonsense"]]]])
        }
        await registry.close()
    }

    @Test func aNameThatReadsAsAnIDIsRefused() async throws {
        let metastore = try await Metastore.open(directory: directory.path)
        let registry = try await open(metastore)
        let id = try await registry.create(clicks).id.hexDigits
        for name in [id, id.uppercased()] {
            let refused = await #expect(throws: StreamsError.self) {
                _ = try await registry.create(["name": .string(name)])
            }
            #expect(refused?.code == .invalidName)
        }
        await registry.close()
    }

    @Test(
        arguments: [
            (["max_request_bytes": 100], "$.max_request_bytes"), (["rate_limit": 1], "$.rate_limit"),
            (["limits": ["bytes": 1]], "$.limits.bytes"), (["http": ["cores": 1]], "$.http.cores"),
            (["http": ["cors": ["origin": "*"]]], "$.http.cors.origin"), (["id": "x"], "$.id"),
            (["format": ["typo": "json"]], "$.format.typo"),
            (["worker_binding": ["enabled": true, "name": "B"]], "$.worker_binding.name"),
        ] as [(JSONObject, String)])
    func membersThatNobodyKnowsAreRefusedWithTheirPath(_ members: JSONObject, _ path: String) async throws {
        let metastore = try await Metastore.open(directory: directory.path)
        let registry = try await open(metastore)
        var body = members
        body["name"] = "a"
        let refused = await #expect(throws: StreamsError.self) {
            _ = try await registry.create(.object(body))
        }
        #expect(refused?.code == .invalidDefinition && refused?.context.first?.value == path)
        _ = try await registry.create(clicks)
        let change = #expect(throws: StreamsError.self) {
            _ = try registry.changed("clicks", .object(members))
        }
        #expect(change?.code == .invalidDefinition)
        await registry.close()
    }

    @Test func aSchemaGrowsInsideStructsAndByDefaults() async throws {
        let metastore = try await Metastore.open(directory: directory.path)
        let registry = try await open(metastore)
        func fields(_ text: String) throws -> JSONValue { try JSONParser.parse("{\"fields\":[\(text)]}") }
        let inner = #"{"name":"a","type":"int64"}"#
        func user(_ members: String, extra: String = "") -> String {
            #"{"name":"u","type":"list","items":{"type":"struct","fields":[\#(members)]}\#(extra)}"#
        }
        _ = try await registry.create(["name": "s", "schema": fields(user(inner))])
        let grown = user(#"{"name":"b","type":"string","default":"x"},\#(inner)"#)
        let changed = try await registry.change(
            "s", ["schema": fields(grown + #",{"name":"n","type":"int64","required":true,"default":1}"#)])
        guard case .fields(let list) = changed.schema else { return }
        #expect(list.map(\.name) == ["u", "n"] && list[1].isRequired)
        // What was there keeps its place.
        #expect(list[0].json.description.contains(#"[{"name":"a""#))
        for (wrong, path) in [
            (user(inner), "$.schema.fields"),
            (user(#"{"name":"a","type":"string"}"#), "$.schema.fields[0].items.fields"),
            (
                user(#"{"name":"b","type":"string","default":"x"},{"name":"a","type":"int32"}"#),
                "$.schema.fields[0].items.fields[1]"
            ),
            (
                user(
                    #"{"name":"b","type":"string","default":"x"},\#(inner),{"name":"c","type":"bool","required":true}"#
                ),
                "$.schema.fields[0].items.fields[2]"
            ),
            (grown.replacing("\"x\"", with: "\"y\""), "$.schema.fields[0].items.fields[0]"),
            (user(inner, extra: #","required":true"#), "$.schema.fields"),
        ] {
            let refused = #expect(throws: StreamsError.self) {
                try registry.changed("s", ["schema": fields(wrong)])
            }
            #expect(refused?.code == .invalidDefinition)
            #expect(refused?.context.first?.value.hasPrefix(path) == true, "\(wrong): \(refused as Any)")
        }
        await registry.close()
    }

    @Test func limitsHoldAcrossARestart() async throws {
        let metastore = try await Metastore.open(directory: directory.path)
        let first = try await open(metastore)
        _ = try await first.create(clicks)
        let made = try await first.change(
            "clicks", ["limits": ["events_per_second": 2, "backlog_bytes": 300]])
        await first.close()
        let second = try await open(metastore)
        #expect(second.definitions == [made])
        func send(_ count: Int, bytes: Int = 1) async throws {
            let append = LogAppend(
                body: [UInt8](repeating: 0x31, count: bytes), eventCount: count, framing: .lines,
                receivedAt: Instant(microseconds: 0))
            _ = try await second.append(append, to: made.id)
        }
        try await send(2)
        let fast = await #expect(throws: StreamsError.self) { try await send(1) }
        #expect(fast?.code == .rateExceeded && fast?.retryAfterSeconds == 1)
        _ = try await second.change("clicks", ["limits": ["events_per_second": nil]])
        let large = await #expect(throws: StreamsError.self) { try await send(1, bytes: 300) }
        #expect(large?.code == .recordTooLarge)
        try await send(1, bytes: 10)
        let full = await #expect(throws: StreamsError.self) { try await send(1, bytes: 100) }
        #expect(full?.code == .backlogFull)
        await second.close()
    }

    /// Whoever means a schema must not get a stream that takes anything.
    @Test(
        arguments: [
            ["schema": ["field": [["name": "id", "type": "int64"]]]], ["schema": []], ["schema": [:]],
            ["schema": ["columns": []]], ["schema": ["fields": nil]],
            ["format": ["type": "json", "unstructured": false]], ["format": "json"],
            ["format": ["unstructured": "no"]],
        ] as [JSONValue])
    func aSchemaThatIsNoneIsRefused(_ body: JSONValue) async throws {
        let metastore = try await Metastore.open(directory: directory.path)
        let registry = try await open(metastore)
        var members = try #require(body.object)
        members["name"] = "s"
        let whole = JSONValue.object(members)
        let refused = await #expect(throws: StreamsError.self) { _ = try await registry.create(whole) }
        #expect(refused?.code == .invalidDefinition)
        _ = try await registry.create([
            "name": "s", "schema": nil, "format": ["type": "json", "unstructured": true],
        ])
        await registry.close()
    }

    @Test func onlyHTTPAndBindingSettingsChange() async throws {
        let metastore = try await Metastore.open(directory: directory.path)
        let registry = try await open(metastore)
        _ = try await registry.create(clicks)
        let changed = try await registry.change(
            "clicks",
            ["http": ["enabled": false, "authentication": true], "worker_binding": ["enabled": false]])
        #expect(!changed.http.isEnabled && changed.http.needsAuthentication && !changed.hasWorkerBinding)
        #expect(changed.http.corsOrigins == ["https://a.example"])
        #expect(changed.version == 2)
        #expect(try registry.stream("clicks").definition == changed)
        let refused = await #expect(throws: StreamsError.self) {
            _ = try await registry.change("clicks", ["name": "other"])
        }
        #expect(refused?.code == .invalidDefinition)
        await registry.close()
    }

    @Test(arguments: [
        "not an origin", "a.example", "https://a.example/", "https://a.example/path", "https://",
        "https://a b",
        "HTTPS://a.example", "https://A.example", "https://u@a.example", "null", "", "https://a.example:x",
    ])
    func whatIsNoOriginIsRefused(_ origin: String) async throws {
        let metastore = try await Metastore.open(directory: directory.path)
        let registry = try await open(metastore)
        _ = try await registry.create(clicks)
        let http: JSONValue = ["cors": ["origins": ["https://b.example", .string(origin)]]]
        for make in [
            { _ = try await registry.create(["name": "other", "http": http]) },
            { _ = try await registry.change("clicks", ["http": http]) },
        ] as [() async throws -> Void] {
            let refused = await #expect(throws: StreamsError.self) { try await make() }
            #expect(refused?.code == .invalidDefinition)
            #expect(refused?.context.first?.value == "$.http.cors.origins[1]")
        }
        let good: JSONValue = [
            "cors": [
                "origins": ["*", "http://localhost:5173", "https://[::1]:8080", "chrome-extension://abc"]
            ]
        ]
        #expect(try await registry.change("clicks", ["http": good]).http.corsOrigins.count == 4)
        await registry.close()
    }

    @Test func afterManyChangesAtOnceTheStreamIsAsItIsStored() async throws {
        let metastore = try await Metastore.open(directory: directory.path)
        let registry = try await open(metastore)
        let id = try await registry.create(clicks).id
        for _ in 0..<20 {
            await withDiscardingTaskGroup { group in
                for number in 0..<8 {
                    group.addTask {
                        let origin = JSONValue.string("https://\(number).example")
                        await #expect(throws: Never.self) {
                            _ = try await registry.change(
                                id.hexDigits, ["http": ["cors": ["origins": [origin]]]])
                        }
                    }
                }
            }
            let stored = try await metastore.read { try StreamRows.get(id, $0) }
            #expect(try registry.stream("clicks").definition == stored)
        }
        await registry.close()
        try await metastore.close()
    }

    @Test func aDeletedStreamIsGoneWithItsFiles() async throws {
        let metastore = try await Metastore.open(directory: directory.path)
        let registry = try await open(metastore)
        let created = try await registry.create(clicks)
        try await registry.delete("clicks")
        let missing = #expect(throws: StreamsError.self) { _ = try registry.stream("clicks") }
        #expect(missing?.code == .streamNotFound)
        #expect(try LiveLogFiles().list(directory.path + "/streams") == [])
        let again = try await registry.create(clicks)
        #expect(again.id != created.id)
        await registry.close()
    }

    @Test func aFieldIsCalledWhatAColumnMayBe() async throws {
        let metastore = try await Metastore.open(directory: directory.path)
        let registry = try await open(metastore)
        func make(_ name: String) async throws {
            let inner: JSONValue = [
                "name": "s", "type": "struct", "fields": [["name": .string(name), "type": "int64"]],
            ]
            for (stream, field) in [
                ("outer", ["name": .string(name), "type": "int64"] as JSONValue), ("inner", inner),
                ("list", ["name": "l", "type": "list", "items": inner]),
            ] {
                _ = try await registry.create([
                    "name": .string(stream), "schema": ["fields": [field]],
                ])
                try await registry.delete(stream)
            }
        }
        try await make(String(repeating: "x", count: 255))
        try await make("ä b.\"c\" 🦊")
        for name in [String(repeating: "x", count: 256), "a\nb", "a\u{0}", "\u{85}"] {
            let error = await #expect(throws: StreamsError.self, "\(name.debugDescription)") {
                try await make(name)
            }
            #expect(error?.code == .invalidDefinition)
        }
        await registry.close()
    }

    @Test func whoDeletesAStreamSecondFindsNone() async throws {
        let metastore = try await Metastore.open(directory: directory.path)
        let registry = try await open(metastore)
        let made = try await registry.create(clicks)
        try await registry.delete("clicks")
        // As a request that looked the stream up before the other one deleted it.
        let error = await #expect(throws: StreamsError.self) {
            try await metastore.write { try StreamRows.delete(made, force: false, $0) }
        }
        #expect(error?.code == .streamNotFound)
        await registry.close()
    }

    /// The name is free in the Metastore before its old stream is forgotten here.
    @Test func aStreamMadeWhileItsNamesakeIsDeletedIsFound() throws {
        func stream(_ id: String) throws -> StreamRegistry.OpenStream {
            let definition = try StreamDefinition(
                creating: clicks, id: try #require(UniqueID(id)), now: Instant(microseconds: 0))
            return StreamRegistry.OpenStream(
                definition: definition, log: .failure(StreamsError(.streamNotFound, "not opened")))
        }
        let old = try stream("0123456789abcdef0123456789abcdef")
        let new = try stream("1123456789abcdef0123456789abcdef")
        var state = StreamRegistry.State()
        state.insert(old)
        state.insert(new)
        state.remove(old.definition)
        #expect(state.idsByName == ["clicks": new.definition.id])
        #expect(Set(state.streams.keys) == [new.definition.id])
        state.remove(new.definition)
        #expect(state.idsByName.isEmpty && state.streams.isEmpty)
    }

    @Test func anAnswerHasTheHostedShape() throws {
        let id = try #require(UniqueID("0123456789abcdef0123456789abcdef"))
        let stream = try StreamDefinition(creating: clicks, id: id, now: Instant(microseconds: 0))
        #expect(
            String(decoding: stream.json(endpoint: "http://h/ingest/x").serialized(), as: UTF8.self) == """
                {"id":"0123456789abcdef0123456789abcdef","name":"clicks","version":1,\
                "created_at":"1970-01-01T00:00:00.000000Z","modified_at":"1970-01-01T00:00:00.000000Z",\
                "endpoint":"http://h/ingest/x","http":{"enabled":true,"authentication":false,"cors":{"origins":\
                ["https://a.example"]}},"worker_binding":{"enabled":true},"format":{"type":"json"},"schema":{"fields":\
                [{"name":"id","type":"int64","required":true}]},"unknown_fields":"count",\
                "acknowledge":"durable"}
                """)
    }
}
