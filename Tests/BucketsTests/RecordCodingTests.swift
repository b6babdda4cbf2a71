import Blobs
import Effects
import JSONText
import Testing

@testable import Buckets

@Suite("Records of the store's journal")
struct RecordCodingTests {
    static let entry = ObjectEntry(
        place: .file(.max),
        facts: ObjectFacts(
            size: .max, checksum: .max, etag: "e", modified: Instant(microseconds: .min),
            metadata: ObjectMetadata()))
    static let encryption = ObjectEncryption(
        key: .store(wrapped: [1, 2, 3]), salt: [4, 5],
        pieces: [.init(number: 2, size: 100, salt: [6]), .init(number: 9, size: 70_000, salt: [])])
    static let encrypted = ObjectEntry(
        place: .file(1),
        facts: ObjectFacts(
            size: encryption.storedSize, checksum: 1, etag: "e", modified: Instant(microseconds: 0),
            metadata: ObjectMetadata(), encryption: encryption))
    static let records: [StoreRecord] = [
        .createBucket(name: "b", at: Instant(microseconds: .max)),
        .deleteBucket(name: ""),
        .put(bucket: "b", key: ObjectKey(bytes: [0, 255]), entry: entry),
        .delete(bucket: "b", key: ObjectKey(bytes: [UInt8](repeating: 0, count: 1024))),
        .deleteMany(bucket: "b", keys: []),
        .deleteMany(bucket: "b", keys: [ObjectKey(bytes: []), ObjectKey(bytes: [1])]),
        .startUpload(
            id: "u",
            MultipartUpload(
                bucket: "b", key: ObjectKey(bytes: [1]), started: Instant(microseconds: 0),
                metadata: ObjectMetadata([.init("", "")]))),
        .startUpload(
            id: "u",
            MultipartUpload(
                bucket: "b", key: ObjectKey(bytes: [1]), started: Instant(microseconds: 0),
                metadata: ObjectMetadata([.init("", "")]),
                encryption: ObjectEncryption(key: .customer(check: [7]), salt: [8], pieces: []))),
        .put(bucket: "b", key: ObjectKey(bytes: [0, 255]), entry: encrypted),
        .putPart(upload: "u", number: 0, entry: entry),
        .putPart(upload: "u", number: .max, entry: entry),
        .completeUpload(id: "u", entry: entry),
        .abortUpload(id: "u"),
        .configureBucket(name: "b", setting: .isPublic, document: nil),
        .configureBucket(name: "b", setting: .cors, document: .array([])),
    ]

    @Test(
        "each kind is read back as it was written, alone in its frame, with numbers at their ends",
        arguments: records.indices)
    func roundTrip(index: Int) throws {
        let record = Self.records[index]
        var encoder = RecordEncoder()
        encoder.append(StoreChange(record))
        var decoder = RecordDecoder(encoder.bytes, segment: 1, origin: 0)
        #expect("\(try #require(try decoder.next()))" == "\(record)")
        #expect(try decoder.next() == nil)
    }

    @Test("an object's encryption is read back; one whose pieces are not as large as the object is damage")
    func encryption() throws {
        func read(_ facts: ObjectFacts) throws -> ObjectEncryption? {
            var encoder = RecordEncoder()
            let entry = ObjectEntry(place: .file(1), facts: facts)
            encoder.append(StoreChange(.put(bucket: "b", key: ObjectKey(bytes: [1]), entry: entry)))
            var decoder = RecordDecoder(encoder.bytes, segment: 1, origin: 0)
            guard case .put(_, _, let found)? = try decoder.next() else { return nil }
            return found.facts.encryption
        }
        let found = try #require(try read(Self.encrypted.facts))
        #expect(found.key == Self.encryption.key && found.salt == Self.encryption.salt)
        #expect(found.pieces == Self.encryption.pieces && found.plainSize == 70_100)
        for sizes in [[100], [70_000, 100, 1], [.max, .max]] as [[Int64]] {
            let pieces = sizes.enumerated().map {
                ObjectEncryption.Piece(number: $0.offset + 1, size: $0.element, salt: [])
            }
            let facts = ObjectFacts(
                size: Self.encryption.storedSize, checksum: 1, etag: "", modified: Instant(microseconds: 0),
                metadata: ObjectMetadata(), encryption: Self.encryption.with(pieces))
            #expect(throws: BucketsError.self) { _ = try read(facts) }
        }
    }

    @Test("a record that is cut off anywhere is damage and no crash", arguments: records.indices)
    func cutOff(index: Int) throws {
        var encoder = RecordEncoder()
        encoder.append(StoreChange(Self.records[index]))
        for count in 1..<encoder.bytes.count {
            var decoder = RecordDecoder(Array(encoder.bytes[..<count]), segment: 1, origin: 0)
            #expect(throws: BucketsError.self) { _ = try decoder.next() }
        }
    }
}
