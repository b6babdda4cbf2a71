import Catalogs
import Columnar
import Effects
import Iceberg
import Planner
import Plans
import Tables
import TestKit
import Testing

@testable import Sessions

/// The table `web.facts`, written through Tables in several commits, and the same rows as VALUES.
struct FactsTable {
    static let fields: [Field] = [
        Field(id: 1, "id", .long, isRequired: true), Field(id: 2, "day", .date),
        Field(id: 3, "name", .string),
        Field(id: 4, "price", .decimal(precision: 9, scale: 2)), Field(id: 5, "ratio", .double),
        Field(id: 6, "ok", .boolean), Field(id: 7, "size", .int), Field(id: 8, "at", .timestamptz),
    ]
    /// `(SELECT CAST(a AS …) AS id, … FROM (VALUES …) v(a, …))`
    let values: String

    init(in fixture: SessionFixture, seed: UInt64, spec: PartitionSpec, commits: Int = 3) async throws {
        var generator = SeededGenerator(seed: seed)
        let clock = ManualClock()
        let randomness = SeededRandomness(seed: seed)
        let caches = TableCaches()
        let identifier = TableIdentifier(namespace: Namespace(["web"]), name: "facts")
        var table = try await fixture.catalog.createTable(
            CreateTable(identifier: identifier, schema: IcebergSchema(fields: Self.fields), spec: spec),
            in: fixture.warehouse)
        var texts: [String] = []
        for commit in 0..<commits {
            let rows = (0..<30).map { Self.row(commit * 30 + $0, &generator) }
            let columns = Self.fields.indices.map { index in
                Column(Self.fields[index].type, rows.map { $0[index] })
            }
            let writer = try TableWriter(
                metadata: table.metadata, store: fixture.store, clock: clock, randomness: randomness)
            try await writer.write(Batch(schema: Schema(Self.fields), columns: columns, rowCount: rows.count))
            let produced = try await SnapshotProducer(
                store: fixture.store, caches: caches, clock: clock, randomness: randomness
            ).append(await writer.finish(), to: table.metadata)
            table = try await fixture.catalog.commit([
                TableCommit(
                    warehouse: fixture.warehouse, identifier: identifier, requirements: produced.requirements,
                    updates: produced.updates)
            ])[0]
            texts += rows.map { row in
                "(" + zip(row, Self.fields).map { Self.literal($0, $1.type) }.joined(separator: ", ") + ")"
            }
        }
        let names = Self.fields.map { "c\($0.id ?? 0)" }
        let casts = Self.fields.map { "CAST(c\($0.id ?? 0) AS \(Self.sqlType($0.type))) AS \($0.name)" }
        values =
            "(SELECT \(casts.joined(separator: ", ")) FROM (VALUES \(texts.joined(separator: ", "))) v("
            + names.joined(separator: ", ") + ")) facts"
    }

    private static func sqlType(_ type: DataType) -> String { type == .long ? "bigint" : "\(type)" }

    private static func literal(_ value: Scalar, _ type: DataType) -> String {
        if case .double(let number) = value, !number.isFinite { return "CAST('\(number)' AS double)" }
        if case .double(let number) = value { return "CAST('\(number)' AS double)" }
        return LiteralText.text(value, type)
    }

    private static func row(_ id: Int, _ generator: inout SeededGenerator) -> [Scalar] {
        func number(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &generator) }
        return [
            .long(Int64(id)), number(9) == 0 ? .null : .int(Int32(20_000 + id / 10)),
            number(9) == 0 ? .null : .string(["UA", "AA", "a long carrier name", ""][number(4)]),
            number(9) == 0 ? .null : .long(Int64(number(1000) - 500)),
            number(7) == 0 ? .double(.nan) : .double(Double(number(100)) / 4),
            number(9) == 0 ? .null : .boolean(number(2) == 0),
            number(5) == 0 ? .null : .int(Int32(number(50))),
            .long(Int64(20_000 + id / 10) * 86_400_000_000 + Int64(number(86_400)) * 1_000_000),
        ]
    }
}

@Suite("Queries over tables answer as over the same rows given as values")
struct TableQueryTests {
    static let specs: [PartitionSpec] = [
        .unpartitioned,
        PartitionSpec(fields: [PartitionField(sourceID: 3, name: "name", transform: .identity)]),
        PartitionSpec(fields: [PartitionField(sourceID: 8, name: "at_day", transform: .day)]),
    ]

    static let queries = [
        "SELECT * FROM T ORDER BY id", "SELECT count(*) FROM T", "SELECT 1 FROM T LIMIT 5",
        "SELECT count(*), count(name), sum(size), min(day), max(at) FROM T",
        "SELECT id FROM T WHERE id = 77", "SELECT id FROM T WHERE id > 70 ORDER BY id",
        "SELECT id FROM T WHERE 10 >= id ORDER BY id",
        "SELECT id FROM T WHERE day = '2024-10-05' ORDER BY id",
        "SELECT id FROM T WHERE day BETWEEN '2024-10-04' AND '2024-10-05' ORDER BY id",
        "SELECT id FROM T WHERE day IS NULL ORDER BY id",
        "SELECT id FROM T WHERE name IN ('UA', '', NULL) ORDER BY id",
        "SELECT id FROM T WHERE name NOT IN ('UA', 'AA') ORDER BY id",
        "SELECT id FROM T WHERE name LIKE 'a long%' ORDER BY id",
        "SELECT id FROM T WHERE name <> 'UA' ORDER BY id",
        "SELECT id FROM T WHERE NOT (name = 'UA' AND id < 90) ORDER BY id",
        "SELECT id FROM T WHERE ratio > 20 ORDER BY id", "SELECT id FROM T WHERE NOT ratio <= 20 ORDER BY id",
        "SELECT id FROM T WHERE ratio <> 3.5 ORDER BY id",
        "SELECT id FROM T WHERE isnan(ratio) ORDER BY id",
        "SELECT id FROM T WHERE price >= 1.5 AND price < 3 ORDER BY id",
        "SELECT id FROM T WHERE price = 2 ORDER BY id",
        "SELECT id FROM T WHERE ok ORDER BY id", "SELECT id FROM T WHERE NOT ok ORDER BY id",
        "SELECT id FROM T WHERE ok IS NOT TRUE ORDER BY id",
        "SELECT id FROM T WHERE size = 7 OR id < 5 ORDER BY id",
        "SELECT id FROM T WHERE size + 1 = 8 ORDER BY id", "SELECT id FROM T WHERE size > 3000000000",
        "SELECT id FROM T WHERE size IN (1, 2.0, 3.5) ORDER BY id",
        "SELECT id FROM T WHERE day > TIMESTAMP '2024-10-05 12:00:00' ORDER BY id",
        "SELECT id FROM T WHERE at >= TIMESTAMP '2024-10-05 00:00:00' AND at < DATE '2024-10-06' ORDER BY id",
        "SELECT id FROM T WHERE at >= '2024-10-08T12:00:00Z' ORDER BY id",
        "SELECT id FROM T WHERE name IS NOT DISTINCT FROM NULL ORDER BY id",
        "SELECT name, count(*) AS n, sum(price) AS p, avg(size) AS s FROM T GROUP BY name ORDER BY n DESC, name",
        "SELECT date_trunc('day', at) AS d, count(DISTINCT name) AS n FROM T WHERE ok GROUP BY d ORDER BY d",
        "SELECT upper(name) AS u, min(ratio), max(ratio) FROM T GROUP BY u HAVING count(*) > 10 ORDER BY u",
        "SELECT DISTINCT name, ok FROM T ORDER BY name, ok",
        "SELECT id, name FROM T ORDER BY name DESC, id LIMIT 7 OFFSET 3",
        "SELECT id FROM T ORDER BY ratio DESC, id LIMIT 9",
        "SELECT id FROM (SELECT id, size FROM T WHERE id < 100) WHERE size > 20 ORDER BY id",
        "SELECT sum(CASE WHEN ok THEN 1 ELSE 0 END) * 100.0 / count(*) FROM T",
        "SELECT extract(hour FROM at) AS h, count(*) FROM T GROUP BY 1 ORDER BY 1",
        "SELECT count(*) FROM T WHERE id < 0", "SELECT max(id) FROM T WHERE name = 'nobody'",
        "SELECT id FROM T WHERE NULL", "SELECT count(*) FILTER (WHERE ok), bool_or(ok) FROM T",
        "SELECT x FROM (SELECT id AS x FROM T UNION ALL SELECT size FROM T) WHERE x < 10 ORDER BY x",
    ]

    @Test("the same rows come back", arguments: 0..<3, [false, true])
    func agreement(spec: Int, isOptimised: Bool) async throws {
        let fixture = try await SessionFixture(
            batchRows: spec == 1 ? 7 : .max, disabledPasses: isOptimised ? [] : Optimizer.passNames)
        let facts = try await FactsTable(in: fixture, seed: UInt64(spec + 1), spec: Self.specs[spec])
        var nonEmpty = 0
        for query in Self.queries {
            let table = try await fixture.texts(query.replacing("FROM T", with: "FROM web.facts"))
            let values = try await fixture.texts(query.replacing("FROM T", with: "FROM " + facts.values))
            #expect(table == values, "\(query)")
            if !table.isEmpty { nonEmpty += 1 }
        }
        #expect(nonEmpty > Self.queries.count * 3 / 4)
    }

    @Test("files that cannot match are not opened")
    func pruning() async throws {
        let fixture = try await SessionFixture()
        _ = try await FactsTable(in: fixture, seed: 1, spec: .unpartitioned)
        func files(_ sql: String) async throws -> Int64 {
            let result = try await fixture.session.run(StatementRequest(sql: sql, warehouse: "lake"))
            for try await _ in result.batches {}
            return result.metrics().filesScanned
        }
        #expect(try await files("SELECT id FROM web.facts") == 3)
        #expect(try await files("SELECT id FROM web.facts WHERE id < 25") == 1)
        #expect(try await files("SELECT id FROM web.facts WHERE at < TIMESTAMP '2024-10-05'") == 1)
        #expect(try await files("SELECT id FROM web.facts WHERE day > TIMESTAMP '2024-10-10 12:00:00'") == 1)
        #expect(try await files("SELECT id FROM web.facts WHERE id > 1000") == 0)
    }

    @Test("EXPLAIN ANALYZE tells what each operator gave")
    func analyze() async throws {
        let fixture = try await SessionFixture()
        _ = try await FactsTable(in: fixture, seed: 1, spec: .unpartitioned)
        let lines = try await fixture.texts("EXPLAIN ANALYZE SELECT id FROM web.facts WHERE id < 10")
        #expect(lines.last?.contains("rows=10") == true, "\(lines)")
        #expect(lines.last?.contains("files=") == true && lines.last?.contains("read=") == true, "\(lines)")
        let sorted = try await fixture.texts("EXPLAIN ANALYZE SELECT id FROM web.facts ORDER BY id")
        #expect(sorted[0].contains("bytes=") && sorted[0].contains("memory="), "\(sorted)")
        let json = try await fixture.texts(
            "EXPLAIN ANALYZE FORMAT JSON SELECT id FROM web.facts WHERE id < 10")
        #expect(json.count == 1)
        for part in ["\"rows\": 10", "\"peak_memory_bytes\"", "\"row_groups_skipped\"", "\"manifests\""] {
            #expect(json[0].contains(part), "\(json)")
        }
    }
}
