import JSONText
import Scheduling
import Streams
import Synchronization
import Testing

@testable import Pipelines

/// Pipelines of the hosted service's older kind: what their bodies say, and the three things they are made of.
@Suite struct LegacyPipelineTests {
    private static func body(
        name: JSONValue = "my-clicks", source: JSONValue = [["type": "http", "format": "json"]],
        path: JSONValue = ["bucket": "lake"], batch: JSONValue = [:],
        compression: JSONValue = ["type": "gzip"]
    ) -> JSONValue {
        [
            "name": name, "source": source,
            "destination": [
                "type": "r2", "format": "json", "path": path, "batch": batch, "compression": compression,
                "credentials": ["endpoint": "e", "access_key_id": "a", "secret_access_key": "s"],
            ],
        ]
    }

    @Test func pathsAndNamesGoToThoseOfSinksAndBack() throws {
        for (filePath, pattern) in [
            ("event_date=${date}/hr=${hr}", "event_date=%F/hr=%H"), ("", ""), ("100%/${hr}", "100%%/%H"),
            ("%F", "%%F"),
        ] {
            #expect(try LegacyTemplate.timePattern(filePath) == pattern)
            #expect(LegacyTemplate.filePath(pattern) == filePath)
        }
        #expect(try LegacyTemplate.timePattern("/d=${date}/") == "d=%F")
        for (fileName, file) in [
            ("${slug}${extension}", "NAME.json.gz"), ("c-${slug}${extension}", "c-NAME.json.gz"),
            ("${slug}.log${extension}", "NAME.log.json.gz"), ("${slug}.txt", "NAME.txt"),
        ] {
            let naming = try FileNaming(json: try LegacyTemplate.naming(fileName, extension: ".json.gz"))
            #expect(naming.strategy == .ulid && naming.fileName("NAME", suffix: ".json.gz") == file)
        }
        #expect(LegacyTemplate.fileName(FileNaming()) == "${slug}${extension}")
        for name in [
            "x${extension}", "${slug}${slug}", "c${slug}", "${slug}x", "${slug}.${ulid}", "-${slug}",
        ] {
            #expect(throws: PipelinesError.self, "\(name)") {
                try LegacyTemplate.naming(name, extension: ".json")
            }
        }
        let unknown = #expect(throws: PipelinesError.self) { try LegacyTemplate.timePattern("y=${year}") }
        #expect(unknown?.hint?.contains("${date}") == true)
    }

    @Test func whatIsLeftOutIsAsTheHostedServiceHasIt() throws {
        let sink = try LegacyPipeline(Self.body()).sinkBody
        #expect(sink["name"] == "my_clicks")
        #expect(sink["config"]?["partitioning"]?["time_pattern"] == "event_date=%F/hr=%H")
        #expect(
            sink["config"]?["rolling_policy"]
                == ["interval_seconds": 300, "file_size_bytes": 100_000_000, "file_rows": 100_000])
        #expect(sink["format"] == ["type": "json", "compression": "gzip", "unstructured": true])
        let small = try LegacyPipeline(
            Self.body(batch: ["max_bytes": 1_000, "max_duration_s": JSONValue(0.25), "max_rows": 1])
        ).sinkBody["config"]?["rolling_policy"]
        #expect(small == ["interval_seconds": 1, "file_size_bytes": 1_048_576, "file_rows": 1])
    }

    @Test func whatCannotBeIsRefusedWithItsPath() {
        for (body, path) in [
            (Self.body(name: "a_b"), "$.name"), (Self.body(name: "-a"), "$.name"),
            (Self.body(name: 1), "$.name"),
            (Self.body(source: []), "$.source"),
            (Self.body(source: [["type": "queue"]]), "$.source[0].format"),
            (Self.body(source: [["type": "queue", "format": "json"]]), "$.source[0].type"),
            (
                Self.body(source: [["type": "http", "format": "json"], ["type": "http", "format": "json"]]),
                "$.source[1].type"
            ),
            (Self.body(source: [["type": "http", "format": "json", "auth": true]]), "$.source[0].auth"),
            (
                Self.body(source: [["type": "http", "format": "json", "authentication": "no"]]),
                "$.source[0].authentication"
            ),
            (Self.body(path: [:]), "$.destination.path.bucket"),
            (Self.body(path: ["bucket": "lake", "filename": "x"]), "$.destination.path.filename"),
            (Self.body(path: ["bucket": "lake", "filepath": 1]), "$.destination.path.filepath"),
            (Self.body(batch: ["max_rows": 0]), "$.destination.batch.max_rows"),
            (Self.body(batch: ["max_duration_s": 301]), "$.destination.batch.max_duration_s"),
            (Self.body(batch: ["max_age": 1]), "$.destination.batch.max_age"),
            (Self.body(compression: ["type": "deflate"]), "$.destination.compression.type"),
            (Self.body(compression: ["type": "br"]), "$.destination.compression.type"),
            (Self.body(compression: "none"), "$.destination.compression"),
            (Self.body(batch: [1]), "$.destination.batch"),
            (Self.body(batch: ["max_rows": JSONValue(1.5)]), "$.destination.batch.max_rows"),
            (Self.body(path: "lake"), "$.destination.path"),
            (Self.body(path: ["bucket": "lake", "prefix": "a//b"]), "$.destination.path.prefix"),
            (Self.body(path: ["bucket": "lake", "filepath": "a//b"]), "$.destination.path.filepath"),
            (Self.body(path: ["bucket": "lake", "filename": "a/b-${slug}"]), "$.destination.path.filename"),
            (Self.body(source: [["type": "http", "format": "json", "cors": ["*"]]]), "$.source[0].cors"),
            (Self.body(name: "0198c1f2-0000-7000-8000-000000000001"), "$.name"),
        ] {
            let error = #expect(throws: PipelinesError.self, "\(body)") { try LegacyPipeline(body) }
            #expect(error?.context.first { $0.name == "path" }?.value == path, "\(body)")
        }
    }

    @Test func itLivesFromItsFirstEventToItsLast() async throws {
        let node = try await SmallNode()
        try await node.whileRunning {
            let service = node.service
            let made = try await service.createLegacyPipeline(
                try LegacyPipeline(
                    Self.body(path: ["bucket": "lake", "prefix": "raw"], compression: ["type": "none"])))
            #expect(made.name == "my-clicks")
            try await node.send(#"[{"b":1,"a":[1, 2]},7]"#, to: "my_clicks")
            // In place, and then to another folder: what waits lands as it was.
            let quick = Self.body(
                path: ["bucket": "lake", "prefix": "raw"], batch: ["max_duration_s": 10],
                compression: ["type": "none"])
            _ = try await service.changeLegacyPipeline(made.id, quick)
            try await node.send(#"[{"c":2}]"#, to: "my_clicks")
            let moved = Self.body(
                source: [
                    ["type": "binding", "format": "json"],
                    ["type": "http", "format": "json", "authentication": false],
                ],
                path: ["bucket": "lake", "prefix": "new", "filename": "${slug}.txt", "filepath": "${date}"],
                compression: ["type": "none"])
            let third = try await service.changeLegacyPipeline("my-clicks", moved)
            #expect(third.json(endpoint: nil)["version"] == 3)
            try await node.send(#"[{"d":3}]"#, to: "my_clicks")
            let json = try await service.legacyPipelines().map { $0.json(endpoint: "here") }
            #expect(json[0]["source"]?.array?.map { $0["type"] } == ["http", "binding"])
            #expect(json[0]["source"]?.array?[0]["authentication"] == false)
            #expect(json[0]["destination"]?["compression"]?["type"] == "none")
            #expect(
                json[0]["destination"]?["path"]
                    == ["bucket": "lake", "prefix": "new", "filepath": "${date}", "filename": "${slug}.txt"])
            // What was closed for the end is open again where the end does not come.
            _ = try await service.pause("my_clicks")
            try await node.send(#"[{"e":4}]"#, to: "my_clicks")
            await #expect(throws: PipelinesError.self) {
                try await service.deleteLegacyPipeline("my-clicks", force: false, token: .init())
            }
            #expect(try node.registry.stream("my_clicks").definition.http.isEnabled)
            _ = try await service.resume("my_clicks")
            try await service.deleteLegacyPipeline("my-clicks", force: false, token: .init())
            #expect(try await service.legacyPipelines().isEmpty)
            #expect(try await service.sinks().isEmpty)
            #expect(node.registry.definitions.isEmpty)
        }
        // Which file an event is in depends on what was read when the change came; that it is in one does not.
        let raw = try await node.fileLines("raw/")
        let new = try await node.fileLines("new/")
        #expect(raw.keys.allSatisfy { $0.contains("/hr=") && $0.hasSuffix(".json") })
        #expect(new.keys.allSatisfy { $0.hasSuffix(".txt") })
        #expect(
            (Array(raw.values.joined()) + new.values.joined()).sorted()
                == [#"{"b":1,"a":[1, 2]}"#, #"{"c":2}"#, #"{"d":3}"#, #"{"e":4}"#, "7"].sorted())
    }

    @Test func whatIsShownMayComeBack() async throws {
        let node = try await SmallNode()
        try await node.whileRunning {
            let service = node.service
            let made = try await service.createLegacyPipeline(try LegacyPipeline(Self.body()))
            _ = try await service.changeSink(
                "my_clicks",
                [
                    "config": [
                        "partitioning": ["time_pattern": "%Y/%m%%"],
                        "rolling_policy": ["interval_seconds": 3600],
                    ],
                    "format": ["compression": "zstd"],
                ])
            _ = try await node.registry.change(
                "my_clicks", ["http": ["enabled": false], "worker_binding": ["enabled": false]])
            let sink = try await service.sink("my_clicks")
            let shown = try await service.legacyPipeline("my-clicks").json(endpoint: "x")
            let after = try await service.changeLegacyPipeline(made.id, shown).json(endpoint: "x")
            #expect(after["version"] == 2)
            for member in ["source", "destination"] { #expect(after[member] == shown[member]) }
            let same = try await service.sink("my_clicks")
            #expect(same.target == sink.target && same.format == sink.format)
            #expect(same.rollingPolicy.intervalSeconds == 3600)
        }
    }

    @Test func oneChangeAtATime() async throws {
        let node = try await SmallNode()
        try await node.whileRunning {
            let service = node.service
            let made = try await service.createLegacyPipeline(try LegacyPipeline(Self.body()))
            service.legacyChanges.withLock { _ = $0.insert(made.pipeline.id) }
            let change = await #expect(throws: PipelinesError.self) {
                try await service.changeLegacyPipeline(made.id, Self.body())
            }
            let deletion = await #expect(throws: PipelinesError.self) {
                try await service.deleteLegacyPipeline(made.id, force: true, token: .init())
            }
            #expect(change?.code == .changing && deletion?.code == .changing)
            service.legacyChanges.withLock { _ = $0.remove(made.pipeline.id) }
            _ = try await service.changeLegacyPipeline(made.id, Self.body())
        }
    }

    @Test func whatIsLeftOfOneWithoutItsStreamGoesToo() async throws {
        let node = try await SmallNode()
        try await node.whileRunning {
            let service = node.service
            _ = try await service.createLegacyPipeline(try LegacyPipeline(Self.body()))
            try await node.registry.delete("my_clicks", force: true)
            let shown = try await service.legacyPipeline("my-clicks").json(endpoint: nil)
            #expect(shown["source"] == [] && shown["destination"] == .null)
            try await service.deleteLegacyPipeline("my-clicks", force: false, token: .init())
            #expect(try await service.sinks().isEmpty)
            #expect(try await service.legacyPipelines().isEmpty)
        }
    }

    @Test func whatSomebodyElseUsesStays() async throws {
        let node = try await SmallNode()
        try await node.whileRunning {
            let service = node.service
            _ = try await service.createLegacyPipeline(try LegacyPipeline(Self.body()))
            await #expect(throws: (any Error).self) {
                try await service.createLegacyPipeline(try LegacyPipeline(Self.body()))
            }
            #expect(try await service.sinks().count == 1, "what was there is not undone")
            _ = try await service.createPipeline(
                ["name": "other", "sql": "INSERT INTO my_clicks SELECT value FROM my_clicks"])
            let refused = await #expect(throws: PipelinesError.self) {
                try await service.deleteLegacyPipeline("my-clicks", force: true, token: .init())
            }
            #expect(refused?.code == .sinkInUse)
            try await service.deletePipeline("other")
            // With SQL of its own it is one of the newer kind.
            _ = try await service.changePipeline(
                "my_clicks",
                ["sql": "INSERT INTO my_clicks SELECT value FROM my_clicks WHERE value IS NOT NULL"])
            let gone = await #expect(throws: PipelinesError.self) {
                try await service.legacyPipeline("my-clicks")
            }
            #expect(gone?.code == .pipelineNotFound)
        }
    }

    @Test func whatCannotBeMadeLeavesNothing() async throws {
        let node = try await SmallNode()
        await #expect(throws: (any Error).self) {
            try await node.service.createLegacyPipeline(
                try LegacyPipeline(Self.body(path: ["bucket": "missing"])))
        }
        #expect(node.registry.definitions.isEmpty)
        #expect(try await node.service.sinks().isEmpty)
        await node.registry.close()
    }
}
