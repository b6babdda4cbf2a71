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
