import Columnar
import Effects
import Iceberg
import JSONText
import Testing

/// What the specification forbids is refused where a schema is new, and read where a table has it.
@Suite("New schemas")
struct NewSchemaTests {
    private static func field(_ type: JSONValue, required: Bool = false, _ more: JSONObject = [:])
        -> JSONValue
    {
        var field: JSONObject = [
            "id": 1, "name": "a", "required": .boolean(required), "type": type,
        ]
        for member in more.members { field[member.name] = member.value }
        return .object(field)
    }

    private static func schema(_ field: JSONValue) throws -> IcebergSchema {
        try IcebergSchema(json: ["type": "struct", "schema-id": 0, "fields": [field]])
    }

    private static func table(
        _ schema: IcebergSchema, version: Int = 3, _ spec: PartitionSpec = .unpartitioned,
        _ order: SortOrder = .unsorted
    ) throws -> TableMetadata {
        try NewTable(
            schema: schema, spec: spec, order: order, location: "s3://lake/t",
            properties: ["format-version": "\(version)"]
        ).metadata(uuid: UniqueID(high: 1, low: 2), at: Samples.now)
    }

    static let forbidden: [(version: Int, field: JSONValue)] = [
        (3, field("long", ["initial-default": "abc"])), (3, field("long", ["write-default": "abc"])),
        (3, field("int", ["initial-default": 3_000_000_000])), (3, field("string", ["initial-default": 7])),
        (3, field("date", ["initial-default": "yesterday"])), (3, field("unknown", ["write-default": 1])),
        (3, field("variant", ["initial-default": "x"])), (3, field("geometry", ["write-default": "x"])),
        (3, field("unknown", required: true)), (2, field("long", ["initial-default": 1])),
        (2, field("long", ["write-default": 1])),
        (
            3,
            field([
                "type": "struct",
                "fields": [["id": 2, "name": "b", "required": false, "type": "int", "write-default": true]],
            ])
        ),
    ]

    @Test(
        "defaults of another type or version and required fields of no type are refused", arguments: forbidden
    )
    func refuses(version: Int, field: JSONValue) throws {
        let schema = try Self.schema(field)
        #expect(throws: IcebergError.self) { try Self.table(schema, version: version) }
        let base = try Self.table(Self.schema(Self.field("boolean")), version: version)
        #expect(throws: IcebergError.self) {
            try base.applying([.addSchema(schema, lastColumnID: nil)], at: Samples.now, previousFile: nil)
        }
        // A table that has it already is read, and goes on.
        var foreign = base
        foreign.schemas = [schema]
        foreign.lastColumnID = 2
        let read = try TableMetadata(json: foreign.json)
        #expect(read == foreign)
        let next = try read.applying([.setProperties(["a": "b"])], at: Samples.now, previousFile: nil)
        #expect(next.schemas == [schema])
    }

    @Test("a table with a default of somebody else's gets new columns all the same")
    func goesOn() throws {
        var table = try Self.table(Self.schema(Self.field("long")), version: 2)
        table.schemas[0].fieldExtras[1] = ["initial-default": "abc"]
        var wider = table.currentSchema
        wider.fields.append(Field(id: 2, "b", .int))
        let next = try table.applying(
            [.addSchema(wider, lastColumnID: nil), .setCurrentSchema(-1)], at: Samples.now, previousFile: nil)
        #expect(next.currentSchema.fields.count == 2)
        wider.fieldExtras[2] = ["initial-default": 1]
        #expect(throws: IcebergError.self) {
            try table.applying([.addSchema(wider, lastColumnID: nil)], at: Samples.now, previousFile: nil)
        }
    }

    static let permitted: [JSONValue] = [
        field("long", required: true, ["initial-default": 1, "write-default": 2]),
        field("unknown", ["initial-default": nil]), field("variant", ["write-default": nil]),
        field("decimal(9, 2)", ["initial-default": "14.20"]),
        field(["type": "struct", "fields": []], ["initial-default": [:]]),
    ]

    @Test("defaults that fit are taken", arguments: permitted)
    func takes(field: JSONValue) throws {
        #expect(try Self.table(Self.schema(field)).schemas.count == 1)
    }

    @Test(
        "nothing is partitioned or sorted by what has no values to tell apart",
        arguments: ["variant", "geometry", "geography(srid:4326)"])
    func opaqueSources(type: String) throws {
        let schema = try Self.schema(Self.field(.string(type)))
        for transform in [Transform.identity, .bucket(4), .day] {
            let spec = PartitionSpec(
                fields: [PartitionField(sourceID: 1, name: "p", transform: transform)])
            #expect(throws: IcebergError.self) { try Self.table(schema, spec) }
        }
        let order = SortOrder(orderID: 1, fields: [SortField(sourceID: 1)])
        #expect(throws: IcebergError.self) { try Self.table(schema, .unpartitioned, order) }
        let gone = PartitionSpec(fields: [PartitionField(sourceID: 1, name: "p", transform: .void)])
        #expect(try Self.table(schema, gone).specs.count == 1)
    }
}
