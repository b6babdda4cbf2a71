import Catalogs
import Columnar
import Effects
import Faults
import Iceberg
import JSONText
import Metastore
import Scheduling
import Streams
import Synchronization
import Testing

@testable import Pipelines

/// Making and taking away pipelines while everything runs.
@Suite struct PipelineChangeTests {
    private static let sql = "INSERT INTO events_sink SELECT id, kind FROM events"

    private func makeTable(_ node: SmallNode, _ namespace: [String], _ name: String, _ fields: [Field])
        async throws
    {
        for count in 1...namespace.count {
            do {
                try await node.catalog.createNamespace(
                    Namespace(Array(namespace.prefix(count))), in: node.warehouse)
            } catch let error as CatalogError where error.code == .alreadyExists {}
        }
        _ = try await node.catalog.createTable(
            CreateTable(
                identifier: TableIdentifier(namespace: Namespace(namespace), name: name),
                schema: IcebergSchema(fields: fields).withFreshIDs().schema, spec: .unpartitioned),
            in: node.warehouse)
    }

    @Test(arguments: [
        ([Field("id", .string)], "id", "long", "string"),
        ([Field("id", .long)], "kind", "string", "nothing"),
        (
            [Field("id", .long), Field("kind", .string, isRequired: true)], "kind", "string",
            "string not null"
        ),
        (
            [Field("id", .long), Field("kind", .string), Field("more", .date, isRequired: true)], "more",
            "nothing",
            "date not null"
        ),
        (
            [Field("id", .long), Field("kind", .string), Field("__ingest_ts", .timestamp)], "__ingest_ts",
            "timestamptz", "timestamp"
        ),
    ])
    func aTableThatDoesNotFitIsFoundBeforeAnythingIsMade(
        _ fields: [Field], _ column: String, _ written: String, _ stored: String
    ) async throws {
        let node = try await SmallNode()
        try await node.makeEvents()
        try await makeTable(node, ["web", "deep"], "events", fields)
        for isCreation in [true, false] {
            let error = await #expect(throws: PipelinesError.self) {
                if isCreation {
                    _ = try await node.service.createPipeline(["name": "p", "sql": .string(Self.sql)])
                } else {
                    _ = try await node.service.validate(Self.sql)
                }
            }
            #expect(error?.code == .tableMismatch)
            let context = Dictionary(uniqueKeysWithValues: (error?.context ?? []).map { ($0.name, $0.value) })
            #expect(context["column"] == column)
            #expect(context["written"] == written)
            #expect(context["in the table"] == stored)
            // The column's place, or the sink's where nothing is written.
            let place = ["id": 32, "kind": 36][column] ?? 13
            #expect(error?.place == .text(line: 1, column: place))
        }
        #expect(try await node.service.pipelines().isEmpty)
        #expect(try node.registry.stream("events").log.get().consumers.isEmpty)
        await node.registry.close()
    }

    @Test func twoColumnsOfOneNameAreRefusedWithTheirPlace() async throws {
        let node = try await SmallNode()
        try await node.makeEvents()
        let sql = "INSERT INTO events_sink SELECT id, kind, id FROM events"
        func refused(_ body: () async throws -> Void) async {
            let error = await #expect(throws: PipelinesError.self) { try await body() }
            #expect(error?.code == .unsupportedStatement)
            #expect(error?.place == .text(line: 1, column: 42) && error?.message.contains("id") == true)
        }
        await refused { _ = try await node.service.createPipeline(["name": "p", "sql": .string(sql)]) }
        await refused { _ = try await node.service.validate(sql) }
        await refused { _ = try await node.service.dryRun(try DryRunRequest(["sql": .string(sql)])) }
        _ = try await node.service.validate(sql.replacing(", id FROM", with: ", id AS again FROM"))
        await node.registry.close()
    }

    @Test func theRejectsOfTheOwnStreamAreNoSink() async throws {
        let node = try await SmallNode()
        try await node.makeEvents()
        _ = try await node.service.createSink([
            "name": "own", "type": "r2_data_catalog",
            "config": ["bucket": "lake", "namespace": "rejects", "table_name": "events"],
        ])
        let error = await #expect(throws: PipelinesError.self) {
            _ = try await node.service.validate("INSERT INTO own SELECT id FROM events")
        }
        #expect(error?.code == .unsupportedStatement && error?.place != nil)
        await node.registry.close()
    }

    @Test func aViewIsNoTable() async throws {
        let node = try await SmallNode()
        try await node.makeEvents()
        for levels in [["web"], ["web", "deep"]] {
            try await node.catalog.createNamespace(Namespace(levels), in: node.warehouse)
        }
        let view = TableIdentifier(namespace: Namespace(["web", "deep"]), name: "events")
        _ = try await node.catalog.createView(
            CreateView(
                identifier: view,
                schema: IcebergSchema(fields: [Field("id", .long)]).withFreshIDs().schema,
                version: ViewVersion(json: [
                    "version-id": 1, "timestamp-ms": 0, "schema-id": 0, "summary": [:],
                    "representations": [["type": "sql", "sql": "SELECT 1 AS id", "dialect": "spark"]],
                    "default-namespace": ["web"],
                ])), in: node.warehouse)
        let error = await #expect(throws: PipelinesError.self) {
            _ = try await node.service.createPipeline(["name": "p", "sql": .string(Self.sql)])
        }
        #expect(error?.code == .tableMismatch && error?.summary.contains("view") == true)
        await node.registry.close()
    }

    @Test func newSQLWithoutTheDeletedStreamRuns() async throws {
        let node = try await SmallNode()
        try await node.makeEvents()
        _ = try await makeSecondSink(node)
        _ = try await node.registry.create(["name": "other"])
        let sql = Self.sql + "; INSERT INTO second_sink SELECT value FROM other"
        try await node.whileRunning {
            _ = try await node.service.createPipeline(["name": "p", "sql": .string(sql)])
            try await node.registry.delete("other", force: true)
            let failed = try await node.service.pipeline("p")
            #expect(failed.status == .failed && failed.failureReason?.contains("other") == true)
            _ = try await node.service.changePipeline("p", ["sql": .string(Self.sql)])
            let changed = try await node.service.pipeline("p")
            #expect(changed.status == .running && changed.failureReason == nil)
            try await node.send(#"[{"id":1}]"#)
            try await node.service.flush(stream: "events")
            #expect(try await node.service.stats("p").counts.passed == 1)
        }
    }

    @Test func whatAPipelineOfADeletedStreamIsToldHelps() async throws {
        let node = try await SmallNode()
        try await node.makeEvents()
        _ = try await node.registry.create(["name": "other"])
        try await node.whileRunning {
            _ = try await node.service.createPipeline(["name": "p", "sql": .string(Self.sql)])
            try await node.registry.delete("events", force: true)
            let remedy = "change its SQL or delete it"
            #expect(try await node.service.pipeline("p").failureReason?.hasSuffix(remedy) == true)
            let resumed = await #expect(throws: PipelinesError.self) { try await node.service.resume("p") }
            #expect(resumed?.hint == remedy)
            let asked = await #expect(throws: PipelinesError.self) { try await node.service.stats("p") }
            #expect(asked?.hint == remedy)
            let sql = "INSERT INTO events_sink SELECT 1 AS id FROM other"
            let changed = try await node.service.changePipeline("p", ["sql": .string(sql)])
            #expect(changed.status == .running && changed.failureReason == nil)
            try await node.send("[{}]", to: "other")
            #expect(try await node.service.flush(stream: "other") == 1)
        }
    }

    @Test func aFlushTellsHowManyReadTheStream() async throws {
        let node = try await SmallNode()
        try await node.makeEvents()
        try await node.whileRunning {
            try await node.send(#"[{"id":1}]"#)
            #expect(try await node.service.flush(stream: "events") == 0)
            _ = try await node.service.createPipeline(["name": "p", "sql": .string(Self.sql)])
            #expect(try await node.service.flush(stream: "events") == 1)
        }
    }

    @Test(arguments: [
        (".", "t"), ("a..b", "t"), ("a.", "t"), ("system", "t"), ("a.b.c.d.e.f", "t"), ("a", "a/../b"),
        ("a", "x\n"), ("a", "x.y"), ("a", String(repeating: "x", count: 256)),
    ])
    func aSinkWritesToATableThatCanBe(_ namespace: String, _ table: String) async throws {
        let node = try await SmallNode()
        let error = await #expect(throws: PipelinesError.self) {
            _ = try await node.service.createSink([
                "name": "k", "type": "r2_data_catalog",
                "config": [
                    "bucket": "lake", "namespace": .string(namespace), "table_name": .string(table),
                ],
            ])
        }
        #expect(error?.code == .invalidDefinition && error?.summary.contains("needs a") == false)
        await node.registry.close()
    }

    @Test func makingAndDeletingAtOnceLeavesNoReaderBehind() async throws {
        let node = try await SmallNode()
        try await node.makeEvents()
        try await node.send(#"[{"id":1}]"#)
        try await node.whileRunning {
            for _ in 0..<15 {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        _ = try await node.service.createPipeline(["name": "p", "sql": .string(Self.sql)])
                    }
                    group.addTask {
                        while true {
                            do { return try await node.service.deletePipeline("p") } catch let error
                                as PipelinesError
                                where [.pipelineNotFound, .changing].contains(error.code)
                            { await Task.yield() }
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(try node.registry.stream("events").log.get().consumers == [])
            }
        }
        #expect(try await node.service.pipelines().isEmpty)
    }

    private func makeSecondSink(_ node: SmallNode) async throws -> UniqueID {
        try await node.service.createSink([
            "name": "second_sink", "type": "r2_data_catalog",
            "config": ["bucket": "lake", "namespace": "web", "table_name": "second"],
        ]).id
    }
    private static let both = sql + "; INSERT INTO second_sink SELECT id FROM events"

    @Test func aChangeThatComesTooLateLeavesTheReadersOfTheFirst() async throws {
        let node = try await SmallNode()
        try await node.makeEvents()
        let sink = try await makeSecondSink(node)
        let made = try await node.service.createPipeline(["name": "p", "sql": .string(Self.sql)])
        // The first change has its place, and the reader of what it adds.
        let controls = try node.service.slots.withLock { slots throws(PipelinesError) in
            try slots.beginChange(made.id)
        }
        let log = try node.registry.stream("events").log.get()
        _ = try log.registerAtOldest(consumer: LogConsumer.name(pipeline: made.id, sink: sink))
        let before = log.consumers
        let late = await #expect(throws: PipelinesError.self) {
            _ = try await node.service.changePipeline("p", ["sql": .string(Self.both)])
        }
        #expect(late?.code == .changing)
        #expect(log.consumers == before && before.count == 2)
        _ = node.service.slots.withLock { $0.endChange(made.id, controls) }
        await node.registry.close()
    }

    @Test func changesAtOnceLeaveExactlyTheReadersThatAreStored() async throws {
        let node = try await SmallNode()
        try await node.makeEvents()
        _ = try await makeSecondSink(node)
        try await node.whileRunning {
            let made = try await node.service.createPipeline(["name": "p", "sql": .string(Self.sql)])
            for _ in 0..<10 {
                await withTaskGroup(of: Void.self) { group in
                    for sql in [Self.both, Self.both, Self.sql] {
                        group.addTask {
                            do {
                                _ = try await node.service.changePipeline("p", ["sql": .string(sql)])
                            } catch let
                                error as PipelinesError where error.code == .changing
                            {} catch { Issue.record(error) }
                        }
                    }
                }
                let stored = try await node.metastore.read { try ProgressRows.all(pipeline: made.id, $0) }
                #expect(
                    try node.registry.stream("events").log.get().consumers
                        == stored.map(\.key.consumer).sorted())
            }
        }
    }

    @Test func aStatementThatNobodyRunsYetHasNotLanded() async throws {
        let node = try await SmallNode()
        try await node.makeEvents()
        let made = try await node.service.createPipeline(["name": "p", "sql": .string(Self.sql)])
        try await node.send(#"[{"id":1}]"#)
        node.service.slots.withLock { slots in
            #expect(throws: Never.self) { _ = try slots.beginChange(made.id) }
            _ = slots.endChange(made.id, [:])
        }
        let token = CancellationToken()
        let waiting = Task { try await node.service.flush(stream: "events", token: token) }
        token.cancel()
        await #expect(throws: (any Error).self) { try await waiting.value }
        let stream = try node.registry.stream("events").definition.id
        #expect(try await node.service.land(stream: stream, to: .start, token: CancellationToken()) == 1)
        await node.registry.close()
    }

    @Test func everyStatementThatMayBeIsAReaderThatMayBe() {
        #expect(LogConsumer.limit == PipelineStore.pipelineLimit * CompiledPipeline.statementLimit)
    }

    @Test func aDeletionThatFailsLeavesThePipelineRunning() async throws {
        let node = try await SmallNode()
        try await node.makeEvents()
        try await node.whileRunning {
            _ = try await node.service.createPipeline(["name": "p", "sql": .string(Self.sql)])
            _ = try await node.metastore.write {
                try $0.execute(
                    "CREATE TRIGGER no_deletes BEFORE DELETE ON pipelines BEGIN SELECT RAISE(ABORT, 'no'); END"
                )
            }
            await #expect(throws: MetastoreError.self) { try await node.service.deletePipeline("p") }
            try await node.send(#"[{"id":1}]"#)
            try await node.service.flush(stream: "events")
            #expect(try await node.service.stats("p").counts.passed == 1)
            _ = try await node.metastore.write { try $0.execute("DROP TRIGGER no_deletes") }
            try await node.service.deletePipeline("p")
            #expect(try node.registry.stream("events").log.get().consumers == [])
        }
    }

    @Test func aRejectsTableThatIsReplacedMeanwhileGetsTheRejectsAnyway() async throws {
        let node = try await SmallNode()
        try await node.makeEvents()
        let rejects = TableIdentifier(namespace: Namespace(["rejects"]), name: "events")
        try await node.whileRunning {
            _ = try await node.service.createPipeline(["name": "p", "sql": .string(Self.sql)])
            try await node.send(#"[{"id":"no"},{"id":1}]"#)
            // The commit is open once the table of rejects is there.
            while true {
                do { _ = try await node.table("rejects", "events") } catch is CatalogError {
                    await Task.yield()
                    continue
                }
                break
            }
            try await node.catalog.dropTable(rejects, in: node.warehouse)
            try await makeTable(node, ["rejects"], "events", RejectsTable.schema.fields)
            while true {
                do { try await node.service.flush(stream: "events") } catch let error as PipelinesError
                    where error.code == .rejectsReplaced
                { continue }
                break
            }
            let stats = try await node.service.stats("p")
            #expect(stats.counts.rejected == 1 && stats.counts.passed == 1 && stats.pending == 0)
            #expect(try await node.service.pipeline("p").status == .running)
        }
        #expect(
            try await node.table("rejects", "events").metadata.currentSnapshot?.summary["total-records"]
                == "1")
    }

    @Test func severalStatementsLandAndFailEachByItself() async throws {
        let node = try await SmallNode()
        try await node.makeEvents()
        _ = try await node.service.createSink([
            "name": "clicks_sink", "type": "r2_data_catalog",
            "config": ["bucket": "lake", "namespace": "web", "table_name": "clicks"],
        ])
        let sql = Self.sql + "; INSERT INTO clicks_sink SELECT id FROM events WHERE kind = 'click';"
        try await node.whileRunning {
            let made = try await node.service.createPipeline(["name": "p", "sql": .string(sql)])
            try await node.send(#"[{"id":1,"kind":"view"},{"id":2,"kind":"click"},{"id":"x"}]"#)
            try await node.service.flush(stream: "events")
            let stats = try await node.service.stats("p")
            #expect(stats.statements.map(\.sink) == ["events_sink", "clicks_sink"])
            #expect(stats.statements.map(\.counts.passed) == [2, 1])
            #expect(stats.statements.map(\.counts.filtered) == [0, 1])
            #expect(stats.statements.map(\.counts.rejected) == [1, 1])
            #expect(stats.accepted == 6 && stats.counts.events == 6 && stats.pending == 0)
            #expect(
                try await node.service.tables(of: made).map(\.name) == [
                    "events", "events_sink", "clicks_sink",
                ])
            // One sink's table goes; the other statement lands on.
            try await node.catalog.dropTable(
                TableIdentifier(namespace: Namespace(["web"]), name: "clicks"), in: node.warehouse)
            try await node.send(#"[{"id":3,"kind":"click"}]"#)
            let failed = await #expect(throws: PipelinesError.self) {
                try await node.service.flush(stream: "events")
            }
            #expect(failed?.code == .failed)
            while try await node.service.stats("p").statements[0].pending > 0 {
                do { try await node.service.flush(stream: "events") } catch is PipelinesError {}
            }
            let later = try await node.service.stats("p")
            #expect(later.statements.map(\.counts.passed) == [3, 1])
            #expect(later.statements.map(\.pending) == [0, 1])
            #expect(later.accepted == later.counts.events + later.pending)
            #expect(try await node.service.pipeline("p").status == .failed)
        }
        #expect(
            try await node.table("web.deep", "events").metadata.currentSnapshot?.summary["total-records"]
                == "3")
    }
}
