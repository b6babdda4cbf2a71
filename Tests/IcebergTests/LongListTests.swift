import Columnar
import Effects
import Iceberg
import JSONText
import Testing

/// Lists of a request that name columns cost what they are long, not that times the columns: what would take many
/// minutes otherwise is done in a second or two.
@Suite("Long lists", .timeLimit(.minutes(2)))
struct LongListTests {
    private static let count = 20_000

    private static func schema(identifiers: [Int] = []) -> IcebergSchema {
        IcebergSchema(
            fields: (1...count).map { (id: Int) in Field(id: id, "c\(id)", .int, isRequired: true) },
            identifierFieldIDs: identifiers)
    }

    private func table(_ schema: IcebergSchema, _ spec: PartitionSpec, _ order: SortOrder) throws
        -> TableMetadata
    {
        try NewTable(schema: schema, spec: spec, order: order, location: "s3://lake/t")
            .metadata(uuid: UniqueID(high: 1, low: 2), at: Samples.now)
    }

    private func fails(_ body: () throws -> Void) {
        #expect(performing: body, throws: { ($0 as? IcebergError)?.code == .invalidSchema })
    }

    @Test("of identifier fields, sort fields and partition fields")
    func creates() throws {
        let all = Array(1...Self.count)
        let spec = PartitionSpec(
            fields: all.map { PartitionField(sourceID: $0, name: "p\($0)", transform: .bucket(4)) })
        let order = SortOrder(
            orderID: 1, fields: (0..<5 * Self.count).map { _ in SortField(sourceID: Self.count) })
        let made = try table(Self.schema(identifiers: all), spec, order)
        #expect(made.currentSchema.identifierFieldIDs.count == Self.count)
        #expect(made.defaultSpec.resultTypes(in: made.currentSchema).allSatisfy { $0 == .int })
    }

    @Test("of partition fields through many transforms, one spec after the other")
    func addsSpecs() throws {
        let schema = IcebergSchema(fields: [Field(id: 1, "a", .int), Field(id: 2, "b", .int)])
        let base = try table(schema, .unpartitioned, .unsorted)
        let specs = [1, 2].map { id in
            PartitionSpec(
                fields: (1...Self.count).map {
                    PartitionField(sourceID: id, name: "p\($0)", transform: .bucket($0))
                })
        }
        let changed = try base.applying(
            specs.map { .addSpec($0) } + [.addSpec(specs[0])], at: Samples.now, previousFile: nil)
        #expect(changed.specs.count == 3 && changed.lastPartitionID == 999 + 2 * Self.count)
    }

    @Test("of snapshots and references")
    func addsSnapshots() throws {
        let base = try table(IcebergSchema(fields: [Field(id: 1, "a", .int)]), .unpartitioned, .unsorted)
        let ids = (1...Int64(Self.count)).map { $0 }
        let changed = try base.applying(
            ids.map { .addSnapshot(Samples.snapshot($0, parent: nil, sequence: $0, at: 0)) }
                + ids.map { .setSnapshotRef(name: "b\($0)", SnapshotRef(snapshotID: $0)) },
            at: Samples.now, previousFile: nil)
        #expect(changed.snapshots.count == Self.count && changed.refs.count == Self.count)
        #expect(try TableMetadata(json: changed.json).refs.count == Self.count)
    }

    @Test("an identifier field named twice is refused where a table is made, and read where it is there")
    func refusesRepeatedIdentifiers() throws {
        let schema = IcebergSchema(
            fields: [Field(id: 1, "a", .int, isRequired: true)], identifierFieldIDs: [1, 1])
        fails { _ = try table(schema, .unpartitioned, .unsorted) }
        let base = try table(
            IcebergSchema(fields: schema.fields), .unpartitioned, .unsorted)
        fails {
            _ = try base.applying(
                [.addSchema(schema, lastColumnID: nil)], at: Samples.now, previousFile: nil)
        }
        var foreign = base
        foreign.schemas[0].identifierFieldIDs = [1, 1]
        #expect(try TableMetadata(json: foreign.json) == foreign)
    }

    @Test("a long name around many fields is refused before their paths take all memory")
    func refusesLongPaths() throws {
        let fields = (2...2000).map { (id: Int) in Field(id: id, "c\(id)", .int) }
        let name = String(repeating: "n", count: 1 << 16)
        let schema = IcebergSchema(fields: [Field(id: 1, name, .structure(fields))])
        fails { _ = try IcebergSchema(json: schema.json) }
        let short = IcebergSchema(fields: [Field(id: 1, "n", .structure(fields))])
        #expect(try IcebergSchema(json: short.json) == short)
    }

    @Test("a field is found by id at any depth, with its path and whether rows have many of it")
    func findsPlaces() throws {
        let schema = try Samples.table().currentSchema
        let index = FieldIndex(schema)
        for place in schema.allFields {
            let id = try #require(place.field.id)
            for found in [schema.place(ofFieldID: id), index[id]] {
                let found = try #require(found)
                #expect(found.path == place.path && found.isRepeated == place.isRepeated)
                #expect(found.field == place.field && schema.field(withID: id) == place.field)
            }
        }
        #expect(schema.fieldCount == schema.allFields.count && schema.highestFieldID == 7)
    }
}
