import Effects
import JSONText
import Testing

@testable import Iceberg

@Suite("Views")
struct ViewTests {
    private static let uuid = UniqueID(high: 0x1234_5678_9ABC_4DEF, low: 0x8123_4567_89AB_CDEF)
    private static let now = Instant(microseconds: 5_000_000)

    private static func schema(_ column: String) throws -> IcebergSchema {
        try IcebergSchema(json: [
            "type": "struct",
            "fields": [["id": 1, "name": .string(column), "required": false, "type": "long"]],
        ])
    }

    private static func version(
        _ id: Int, schema: Int = -1, sql: String = "SELECT 1", dialects: [String] = ["duckdb"]
    ) throws -> ViewVersion {
        try ViewVersion(json: [
            "version-id": JSONValue(id), "timestamp-ms": JSONValue(Int64(1000 + id)),
            "schema-id": JSONValue(schema),
            "summary": ["engine-name": "test"], "default-namespace": ["web"], "default-catalog": "lake",
            "representations": .array(
                dialects.map { ["type": "sql", "sql": .string(sql), "dialect": .string($0)] }),
        ])
    }

    private static func view(properties: [String: String] = [:]) throws -> ViewMetadata {
        var change = ViewChange(creating: uuid, at: now)
        for update in [
            ViewUpdate.setLocation("s3://lake/v"), .setProperties(properties), .addSchema(try schema("a")),
            .addVersion(try version(1)), .setCurrentVersion(-1),
        ] { try change.apply(update) }
        return try change.finish()
    }

    private static func changed(_ view: ViewMetadata, _ updates: [ViewUpdate]) throws -> ViewMetadata {
        var change = ViewChange(of: view, at: now)
        for update in updates { try change.apply(update) }
        return try change.finish()
    }

    private static func code(_ body: () throws -> Void) -> IcebergError.Code? {
        do { try body() } catch { return (error as? IcebergError)?.code }
        return nil
    }

    @Test("metadata is written as it was read, with members nobody knows at every level")
    func roundTrip() throws {
        let json: JSONValue = [
            "view-uuid": "fa6506c3-7681-40c8-86dc-e36561f83385", "format-version": 1,
            "location": "s3://lake/v", "current-version-id": 1, "x-new": [1, 2],
            "properties": ["comment": "daily"],
            "versions": [
                [
                    "version-id": 1, "timestamp-ms": 1_573_518_431_292, "schema-id": 1,
                    "default-catalog": "prod", "default-namespace": ["default"],
                    "summary": ["engine-name": "Spark"], "x-version": true,
                    "representations": [
                        ["type": "sql", "sql": "SELECT 1", "dialect": "spark", "x-sql": "y"],
                        ["type": "graph", "nodes": []],
                    ],
                ]
            ],
            "schemas": [
                [
                    "type": "struct", "schema-id": 1,
                    "fields": [["id": 1, "name": "n", "required": false, "type": "long", "doc": "d"]],
                ]
            ],
            "version-log": [["timestamp-ms": 1_573_518_431_292, "version-id": 1, "x-log": 0]],
        ]
        let view = try ViewMetadata(json: json)
        #expect(view.json == json)
        #expect(try ViewMetadata(json: JSONParser.parse(view.json.serialized())) == view)
        #expect(view.currentVersion?.representations.map(\.sql) == ["SELECT 1", nil])
        guard case .object(let whole) = json else { return }
        for name in whole.names where name != "x-new" && name != "properties" {
            var part = whole
            part[name] = nil
            #expect(Self.code { _ = try ViewMetadata(json: .object(part)) } == .malformed, "\(name)")
        }
        for (name, value, expected) in [
            ("format-version", 2, IcebergError.Code.unsupportedVersion),
            ("current-version-id", 7, .unknownViewVersion), ("schemas", [], .unknownSchema),
        ] as [(String, JSONValue, IcebergError.Code)] {
            var wrong = whole
            wrong[name] = value
            #expect(Self.code { _ = try ViewMetadata(json: .object(wrong)) } == expected, "\(name)")
        }
    }

    @Test("each update is read from its wire form, and no other")
    func parses() throws {
        let schema = try Self.schema("a")
        let version = try Self.version(1)
        let forms: [(JSONValue, ViewUpdate)] = [
            (["action": "assign-uuid", "uuid": "u"], .assignUUID("u")),
            (["action": "upgrade-format-version", "format-version": 1], .upgradeFormatVersion(1)),
            (["action": "add-schema", "schema": schema.json], .addSchema(schema)),
            (["action": "set-location", "location": "s3://b/k"], .setLocation("s3://b/k")),
            (["action": "set-properties", "updates": ["a": "b"]], .setProperties(["a": "b"])),
            (["action": "remove-properties", "removals": ["a"]], .removeProperties(["a"])),
            (["action": "add-view-version", "view-version": version.json], .addVersion(version)),
            (["action": "set-current-view-version", "view-version-id": 3], .setCurrentVersion(3)),
        ]
        for (json, update) in forms { #expect(try ViewUpdate(json: json) == update) }
        #expect(Self.code { _ = try ViewUpdate(json: ["action": "add-snapshot"]) } == .unknownUpdate)
        let moon: JSONValue = ["type": "assert-create"]
        #expect(Self.code { _ = try ViewRequirement(json: moon) } == .unknownRequirement)
        let view = try Self.view()
        let same = try ViewRequirement(json: [
            "type": "assert-view-uuid", "uuid": .string(view.uuid.description.uppercased()),
        ])
        try same.check(against: view)
        #expect(Self.code { try ViewRequirement.viewUUID("x").check(against: view) } == .requirementFailed)
    }

    @Test(
        "a new version gets a free id, joins the log and becomes the current one; the same version again does not"
    )
    func versions() throws {
        let view = try Self.view()
        #expect(view.versionLog.map(\.timestampMilliseconds) == [1001] && view.currentVersionID == 1)
        let second = try Self.changed(
            view,
            [
                .addSchema(try Self.schema("b")), .addVersion(try Self.version(1, sql: "SELECT 2")),
                .setCurrentVersion(-1),
            ])
        #expect(second.currentVersionID == 2 && second.currentVersion?.schemaID == 1)
        #expect(second.versionLog.map(\.versionID) == [1, 2])
        let again = try Self.changed(
            second, [.addVersion(try Self.version(9, schema: 0)), .setCurrentVersion(-1)])
        #expect(again.versions == second.versions && again.currentVersionID == 1)
        #expect(again.versionLog.last?.timestampMilliseconds == 5000)
    }

    @Test("updates that contradict the view are refused")
    func refusals() throws {
        let view = try Self.view()
        let other = UniqueID(high: 1, low: 1).description
        for (updates, code) in [
            ([.assignUUID(other)], .invalidUpdate), ([.assignUUID("x")], .malformed),
            ([.upgradeFormatVersion(2)], .unsupportedVersion),
            ([.setCurrentVersion(5)], .unknownViewVersion), ([.setCurrentVersion(-1)], .invalidUpdate),
            ([.addVersion(try Self.version(2))], .invalidUpdate),
            ([.addVersion(try Self.version(2, schema: 9))], .unknownSchema),
            ([.setLocation("/etc")], .invalidLocation),
            ([.setProperties(["version.history.num-entries": "0"])], .invalidView),
            (
                [
                    .addVersion(try Self.version(2, schema: 0, dialects: ["trino"])), .setCurrentVersion(-1),
                ], .invalidUpdate
            ),
        ] as [([ViewUpdate], IcebergError.Code)] {
            #expect(Self.code { _ = try Self.changed(view, updates) } == code, "\(updates)")
        }
        #expect(Self.code { _ = try Self.version(1, dialects: []) } == .invalidView)
        #expect(Self.code { _ = try Self.version(1, dialects: ["Spark", "spark"]) } == .invalidView)
        let free = try Self.view(properties: ["replace.drop-dialect.allowed": "true"])
        let lost = try Self.changed(
            free, [.addVersion(try Self.version(2, schema: 0, dialects: ["trino"])), .setCurrentVersion(-1)])
        #expect(lost.currentVersion?.dialects == ["trino"])
    }

    @Test("old versions go, the current one stays, and the log begins behind the hole")
    func expires() throws {
        var view = try Self.view(properties: ["version.history.num-entries": "3"])
        for number in 2...6 {
            view = try Self.changed(
                view,
                [
                    .addVersion(try Self.version(number, schema: 0, sql: "SELECT \(number)")),
                    .setCurrentVersion(-1),
                ])
        }
        #expect(view.versions.map(\.versionID) == [4, 5, 6])
        #expect(view.versionLog.map(\.versionID) == [4, 5, 6])
        view = try Self.changed(view, [.setCurrentVersion(4)])
        view = try Self.changed(view, [.addVersion(try Self.version(7, schema: 0, sql: "SELECT 7"))])
        #expect(view.versions.map(\.versionID) == [4, 6, 7] && view.currentVersionID == 4)
        #expect(view.versionLog.map(\.versionID) == [6, 4])
    }
}
