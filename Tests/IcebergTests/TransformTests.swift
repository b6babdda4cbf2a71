import Columnar
import Effects
import Iceberg
import Testing

@Suite("Transform")
struct TransformTests {
    private static let uuid: [UInt8] = [
        0xF7, 0x9C, 0x3E, 0x09, 0x67, 0x7C, 0x4B, 0xBD, 0xA4, 0x79, 0x3F, 0x34, 0x9C, 0xB7, 0x85, 0xE7,
    ]

    /// The known answers of the specification's appendix B.
    static let hashes: [(DataType, Scalar, Int32)] = [
        (.int, .int(34), 2_017_239_379), (.long, .long(34), 2_017_239_379),
        (.decimal(precision: 9, scale: 2), .long(1420), -500_754_589),
        (.decimal(precision: 30, scale: 2), .int128(1420), -500_754_589), (.date, .int(17_486), -653_330_422),
        (.time, .long(81_068_000_000), -662_762_989),
        (.timestamp, .long(1_510_871_468_000_000), -2_047_944_441),
        (.timestamptz, .long(1_510_871_468_000_001), -1_207_196_810),
        (.timestampNanos, .long(1_510_871_468_000_001_001), -1_207_196_810),
        (.string, .string("iceberg"), 1_210_000_089), (.uuid, .bytes(uuid), 1_488_055_340),
        (.fixed(4), .bytes([0, 1, 2, 3]), -188_683_207), (.binary, .bytes([0, 1, 2, 3]), -188_683_207),
    ]

    @Test("bucket hashes as the specification's appendix B says", arguments: hashes)
    func hashesAsSpecified(type: DataType, value: Scalar, hash: Int32) throws {
        let bucket = Transform.bucket(1000).apply(value, type)
        #expect(bucket == .int((hash & Int32.max) % 1000))
    }

    /// Source values and results, worked out with PyIceberg 0.12.
    static let results: [(Transform, DataType, Scalar, Scalar)] = [
        (.truncate(10), .int, .int(1), .int(0)), (.truncate(10), .int, .int(-1), .int(-10)),
        (.truncate(10), .long, .long(-10), .long(-10)), (.truncate(10), .long, .long(-11), .long(-20)),
        (.truncate(50), .decimal(precision: 9, scale: 2), .long(1065), .long(1050)),
        (.truncate(3), .string, .string("iceberg"), .string("ice")),
        (.truncate(3), .string, .string("Zü€🙂x"), .string("Zü€")),
        (.truncate(2), .binary, .bytes([1, 2, 3]), .bytes([1, 2])),
        (.year, .date, .int(17_486), .int(47)), (.year, .date, .int(-1), .int(-1)),
        (.month, .date, .int(17_486), .int(574)), (.month, .timestamp, .long(-1), .int(-1)),
        (.day, .timestamptz, .long(1_510_871_468_000_000), .int(17_486)),
        (.day, .timestamp, .long(-1), .int(-1)),
        (.day, .date, .int(17_486), .int(17_486)),
        (.hour, .timestamp, .long(1_510_871_468_000_000), .int(419_686)),
        (.hour, .timestamp, .long(-1), .int(-1)), (.hour, .timestampNanos, .long(-1), .int(-1)),
        (.void, .string, .string("x"), .null), (.identity, .string, .string("x"), .string("x")),
        (.bucket(4), .long, .null, .null),
    ]

    @Test("values transform as the specification says", arguments: results)
    func transforms(transform: Transform, type: DataType, value: Scalar, expected: Scalar) {
        #expect(transform.apply(value, type) == expected)
    }

    @Test("a column transforms as its values do, in every form", arguments: results)
    func transformsColumns(transform: Transform, type: DataType, value: Scalar, expected: Scalar) throws {
        let flat = Column(type, [value, .null, value])
        #expect(try transform.apply(to: flat).scalars == [expected, .null, expected])
        #expect(try transform.apply(to: .constant(value, type, count: 2)).scalars == [expected, expected])
        if !value.isNull {
            let dictionary = Column(
                type, count: 3, .dictionary(indices: [0, 0, 0], values: Column(type, [value])),
                validity: Bitmap([true, false, true]))
            #expect(try transform.apply(to: dictionary).scalars == [expected, .null, expected])
        }
    }

    @Test(
        "random columns give the same results vectorised and value by value",
        arguments: 0..<20 as Range<UInt64>)
    func vectorisedAgrees(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let longs = (0..<200).map { _ in
            Int64.random(in: -4_000_000_000_000_000...4_000_000_000_000_000, using: &generator)
        }
        let strings = longs.map { String($0, radix: 36) + "ß" }
        let columns: [(DataType, [Scalar])] = [
            (.int, longs.map { .int(Int32(truncatingIfNeeded: $0)) }), (.long, longs.map { .long($0) }),
            (.timestamptz, longs.map { .long($0) }), (.timestampNanos, longs.map { .long($0) }),
            (.date, longs.map { .int(Int32(truncatingIfNeeded: $0 % 3_000_000)) }),
            (.string, strings.map { .string($0) }),
            (.decimal(precision: 18, scale: 4), longs.map { .long($0) }),
        ]
        let transforms: [Transform] = [
            .bucket(16), .truncate(7), .year, .month, .day, .hour, .identity, .void,
        ]
        for (type, values) in columns {
            for transform in transforms where transform.resultType(of: type) != nil {
                let result = try transform.apply(to: Column(type, values))
                #expect(result.scalars == values.map { transform.apply($0, type) }, "\(transform) of \(type)")
            }
        }
    }

    @Test("the extremes of integers do not trap")
    func survivesExtremes() {
        for value in [Int64.min, Int64.max] {
            for transform in [Transform.truncate(10), .bucket(3), .day, .month, .year, .hour] {
                for type in [DataType.long, .timestamp, .timestampNanos]
                where transform.resultType(of: type) != nil {
                    #expect(transform.apply(.long(value), type) != nil)
                }
            }
            #expect(Transform.truncate(Int(Int32.max)).apply(.int(.min), .int) != nil)
        }
    }

    @Test(
        "names parse and print; what nobody knows is kept",
        arguments: [
            "identity", "bucket[16]", "truncate[4]", "year", "month", "day", "hour", "void", "zorder",
            "bucket[0]", "bucket[x]",
        ])
    func names(text: String) { #expect(Transform(text).description == text) }

    @Test(
        "transforms refuse types they are not for",
        arguments: [
            (Transform.hour, DataType.date), (.day, .string), (.truncate(2), .double), (.bucket(2), .float),
            (.identity, .list(Field("element", .int))), (.unknown("zorder"), .int),
        ])
    func refusesTypes(transform: Transform, type: DataType) {
        #expect(throws: IcebergError.self) { try transform.apply(to: .nulls(type, count: 1)) }
    }

    @Test("a partition may hold a row when the images agree, or an early writer rounded the other way")
    func names() {
        #expect(Transform.identity.mayName(.null, rowsOf: .null))
        #expect(!Transform.identity.mayName(.null, rowsOf: .int(1)))
        #expect(!Transform.identity.mayName(.int(1), rowsOf: .null))
        #expect(Transform.identity.mayName(.int(1), rowsOf: .long(1)))
        #expect(!Transform.identity.mayName(.string("\u{E9}"), rowsOf: .string("e\u{301}")))
        #expect(Transform.identity.mayName(.double(.nan), rowsOf: .double(-.nan)))
        #expect(!Transform.identity.mayName(.double(.nan), rowsOf: .double(0)))
        #expect(Transform.day.mayName(.int(-1), rowsOf: .int(-1)))
        #expect(Transform.day.mayName(.int(0), rowsOf: .int(-1)))
        #expect(!Transform.day.mayName(.int(1), rowsOf: .int(0)))
        #expect(!Transform.bucket(4).mayName(.int(0), rowsOf: .int(-1)))
    }

    @Test("partition paths are readable and harmless")
    func printsPaths() {
        let spec = PartitionSpec(fields: [
            PartitionField(sourceID: 1, name: "ts_day", transform: .day),
            PartitionField(sourceID: 2, name: "m", transform: .month),
            PartitionField(sourceID: 3, name: "na me", transform: .identity),
            PartitionField(sourceID: 4, name: "h", transform: .hour),
            PartitionField(sourceID: 5, name: "p", transform: .identity),
            PartitionField(sourceID: 5, name: "n", transform: .void),
        ])
        let path = spec.path(
            [.int(-1), .int(-1), .string("../a b/ü=%"), .int(419_686), .long(-105), .null],
            types: [.date, .int, .string, .int, .decimal(precision: 9, scale: 2), .int])
        #expect(
            path
                == "ts_day=1969-12-31/m=1969-12/na%20me=%2E%2E%2Fa%20b%2F%C3%BC%3D%25/h=2017-11-16-22/p=-1.05/n=null"
        )
    }

    @Test("long values are cut in paths at a whole letter, and told apart by a checksum")
    func cutsLongValues() {
        let spec = PartitionSpec(fields: [PartitionField(sourceID: 1, name: "s", transform: .identity)])
        func path(_ text: String) -> String { spec.path([.string(text)], types: [.string]) }
        let exact = String(repeating: "n", count: 64)
        #expect(path(exact) == "s=" + exact)
        let long = path(exact + "m")
        #expect(long.hasPrefix("s=" + exact + "-") && long.utf8.count == 2 + 64 + 9)
        #expect(path(exact + "m") == long && path(exact + "o") != long)
        // Each has four bytes; after an `x` the sixteenth does not fit whole.
        let emoji = path("x" + String(repeating: "🎉", count: 300))
        #expect(
            emoji.hasPrefix("s=x" + String(repeating: "%F0%9F%8E%89", count: 15) + "-")
                && emoji.utf8.count == 3 + 15 * 12 + 9, "\(emoji)")
    }
}
