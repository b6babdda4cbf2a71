import Columnar
import Effects
import Foundation
import Iceberg
import JSONText
import Testing

/// Metadata that other implementations wrote, and tables built here for the tests.
enum Samples {
    static func json(_ name: String) throws -> JSONValue {
        let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/" + name)
        return try JSONParser.parse(Array(Data(contentsOf: path)))
    }

    static let uuid = UniqueID(high: 0x0189_0a5d_ac96_774b, low: 0xbcce_b302_099a_8057)
    static let now = Instant(microseconds: 1_700_000_000_000_000)

    static func table(properties: [String: String] = [:]) throws -> TableMetadata {
        let schema = IcebergSchema(fields: [
            Field(id: 7, "id", .long, isRequired: true), Field(id: 8, "ts", .timestamptz),
            Field(
                id: 9, "place",
                .structure([
                    Field(id: 10, "lat", .double),
                    Field(id: 11, "tags", .list(Field(id: 12, "element", .json))),
                ])),
            Field(id: 13, "name", .string),
        ])
        let spec = PartitionSpec(fields: [PartitionField(sourceID: 8, name: "ts_day", transform: .day)])
        return try NewTable(
            schema: schema, spec: spec, order: SortOrder(orderID: 1, fields: [SortField(sourceID: 13)]),
            location: "s3a://lake/web/clicks/", properties: properties
        ).metadata(uuid: uuid, at: now)
    }

    static func snapshot(_ id: Int64, parent: Int64?, sequence: Int64, at time: Int64) -> Snapshot {
        var snapshot = Snapshot(
            snapshotID: id, parentID: parent, sequenceNumber: sequence, timestampMilliseconds: time,
            manifestList: "s3://lake/web/clicks/metadata/snap-\(id).avro")
        snapshot.summary = ["operation": "append"]
        return snapshot
    }
}

@Suite("TableMetadata")
struct TableMetadataTests {
    @Test("metadata written by PyIceberg reads, and writes again as the same document")
    func roundTripsForeignMetadata() throws {
        let json = try Samples.json("everything/metadata.json")
        let metadata = try TableMetadata(json: json)
        #expect(metadata.currentSchema.fields.count == 18)
        #expect(
            metadata.defaultSpec.description
                == "[day(10) as ts_day, bucket[4](1) as id_bucket, truncate[3](12) as name_trunc, identity(2) as flag]"
        )
        #expect(metadata.defaultSortOrder.fields.first?.isDescending == true)
        #expect(metadata.currentSnapshot?.operation == "append")
        let again = try TableMetadata(json: JSONParser.parse(metadata.json.serialized()))
        #expect(again == metadata)
        let object = try #require(json.object)
        for member in object.members { #expect(metadata.json[member.name] == member.value, "\(member.name)") }
    }

    @Test("members nobody knows survive at every level")
    func keepsUnknownMembers() throws {
        var object = try #require(Samples.table().json.object)
        object["from-the-future"] = ["a": 1]
        var schema = try #require(object["schemas"]?.array?.first?.object)
        schema["more"] = 2
        var fields = try #require(schema["fields"]?.array)
        var field = try #require(fields[0].object)
        field["initial-default"] = 42
        fields[0] = .object(field)
        schema["fields"] = .array(fields)
        object["schemas"] = [.object(schema)]
        let metadata = try TableMetadata(json: .object(object))
        #expect(metadata.json == .object(object))
    }

    @Test("types Firn cannot read are carried, and refused where rows are wanted")
    func carriesOpaqueTypes() throws {
        let json: JSONValue = [
            "type": "struct", "schema-id": 0,
            "fields": [
                ["id": 1, "name": "v", "required": false, "type": "variant"],
                ["id": 2, "name": "g", "required": false, "type": "geometry(srid:4326)"],
            ],
        ]
        let schema = try IcebergSchema(json: json)
        #expect(schema.json == json)
        try schema.validate(formatVersion: 3)
        #expect(throws: IcebergError.self) { try schema.validate(formatVersion: 2) }
        #expect(throws: IcebergError.self) { try schema.columnar() }
    }

    @Test(
        "a type name nobody knows is refused",
        arguments: [
            "varchar", "decimal(39, 2)", "decimal(9)", "decimal(9, 10)", "fixed[0]", "fixed[-1]", "interval",
            "json", "",
        ])
    func refusesUnknownTypes(name: String) throws {
        let json: JSONValue = [
            "type": "struct", "fields": [["id": 1, "name": "v", "required": false, "type": .string(name)]],
        ]
        #expect(throws: IcebergError.self) { try IcebergSchema(json: json) }
    }

    @Test("a new table numbers its columns level by level and its partitions from 1000")
    func numbersAfresh() throws {
        let metadata = try Samples.table()
        let places = metadata.currentSchema.allFields.map { "\($0.field.id ?? 0) \($0.path)" }
        #expect(
            places == [
                "1 id", "2 ts", "3 place", "5 place.lat", "6 place.tags", "7 place.tags.element", "4 name",
            ])
        #expect(metadata.lastColumnID == 7)
        #expect(metadata.currentSchema.field(withID: 7)?.type == .string)
        #expect(
            metadata.defaultSpec.fields[0].sourceID == 2 && metadata.defaultSpec.fields[0].fieldID == 1000)
        #expect(metadata.defaultSortOrder.fields[0].sourceID == 4)
        #expect(metadata.location == "s3://lake/web/clicks")
        #expect(try TableMetadata(json: metadata.json) == metadata)
    }

    @Test("version 1 metadata reads: single schema, unnumbered partition fields, no sequence numbers")
    func readsVersionOne() throws {
        let json: JSONValue = [
            "format-version": 1, "table-uuid": "d20125c8-7284-442c-9aea-15fee620737c",
            "location": "s3://lake/t",
            "last-updated-ms": 1_602_638_573_874, "last-column-id": 3,
            "schema": [
                "type": "struct", "fields": [["id": 1, "name": "x", "required": true, "type": "long"]],
            ],
            "partition-spec": [["name": "x", "transform": "identity", "source-id": 1]], "properties": [:],
            "current-snapshot-id": -1,
            "snapshots": [["snapshot-id": 5, "timestamp-ms": 1, "manifests": ["s3://lake/t/m.avro"]]],
        ]
        let metadata = try TableMetadata(json: json)
        #expect(metadata.currentSnapshot == nil && metadata.defaultSortOrder == .unsorted)
        #expect(metadata.defaultSpec.fields[0].fieldID == 1000 && metadata.lastPartitionID == 1000)
        #expect(metadata.snapshots[0].manifests == ["s3://lake/t/m.avro"])
        #expect(metadata.json["schema"] != nil && metadata.json["last-sequence-number"] == nil)
        #expect(try TableMetadata(json: metadata.json) == metadata)
    }

    static let breakages: [(String, JSONValue?)] = [
        ("format-version", 4), ("table-uuid", "nonsense"), ("current-schema-id", 9), ("default-spec-id", 9),
        ("current-snapshot-id", 9), ("last-column-id", "three"), ("location", nil),
        (
            "schemas",
            [["type": "struct", "fields": [["id": 1, "name": "a", "required": true, "type": "nope"]]]]
        ),
        ("refs", ["main": ["snapshot-id": 4, "type": "branch"]]), ("properties", ["a": [1]]),
        (
            "partition-specs",
            [
                [
                    "spec-id": 0,
                    "fields": [["source-id": 8, "field-id": -1, "name": "d", "transform": "day"]],
                ]
            ]
        ),
    ]

    @Test("metadata that does not hold together is refused", arguments: breakages)
    func refusesBrokenMetadata(member: String, value: JSONValue?) throws {
        var object = try #require(Samples.table().json.object)
        object[member] = value
        #expect(throws: IcebergError.self) { try TableMetadata(json: .object(object)) }
    }
}
