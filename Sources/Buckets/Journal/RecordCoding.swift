import Blobs
import Effects
import JSONText
import Octets

/// Writes records: a kind byte, then numbers as varints and texts with their length in front.
struct RecordEncoder {
    private(set) var bytes: [UInt8] = []

    enum Kind: UInt8 {
        case createBucket = 1
        case deleteBucket, put, delete, startUpload, putPart, completeUpload, abortUpload, deleteMany
        case configureBucket
        case startEncryptedUpload
    }

    /// How a place is written. `here` is followed by the bytes themselves.
    enum PlaceKind: UInt8 {
        case file = 1
        case journal, here
    }

    /// The version slot: objects have one version, which is encrypted or not.
    enum EntryForm: Int {
        case plain = 0
        case encrypted
    }

    /// Whose key an object is encrypted with.
    enum KeyKind: UInt8 {
        case customer = 1
        case store
    }

    /// Answers where in `bytes` the inline bytes begin.
    @discardableResult
    mutating func append(_ change: StoreChange) -> Int? {
        switch change.record {
        case .createBucket(let name, let instant):
            append(.createBucket, name)
            append(instant)
        case .deleteBucket(let name): append(.deleteBucket, name)
        case .put(let bucket, let key, let entry):
            append(.put, bucket)
            append(key.bytes)
            return append(entry, change.inline)
        case .delete(let bucket, let key):
            append(.delete, bucket)
            append(key.bytes)
        case .deleteMany(let bucket, let keys):
            append(.deleteMany, bucket)
            append(keys.count)
            for key in keys { append(key.bytes) }
        case .configureBucket(let name, let setting, let document):
            append(.configureBucket, name)
            append(setting.rawValue)
            append(document.map { $0.serialized() } ?? [])
        case .startUpload(let id, let upload):
            append(upload.encryption == nil ? .startUpload : .startEncryptedUpload, id)
            append(upload.bucket)
            append(upload.key.bytes)
            append(upload.started)
            append(upload.metadata)
            if let encryption = upload.encryption { append(encryption) }
        case .putPart(let id, let number, let entry):
            append(.putPart, id)
            append(number)
            return append(entry, change.inline)
        case .completeUpload(let id, let entry):
            append(.completeUpload, id)
            return append(entry, change.inline)
        case .abortUpload(let id): append(.abortUpload, id)
        }
        return nil
    }

    /// Takes back what was appended behind `count` bytes.
    mutating func cut(to count: Int) { bytes.removeSubrange(count...) }

    private mutating func append(_ kind: Kind, _ name: String) {
        bytes.append(kind.rawValue)
        append(name)
    }

    private mutating func append(_ count: Int) { Varint.append(UInt64(count), to: &bytes) }
    private mutating func append(_ instant: Instant) { Varint.appendZigZag(instant.microseconds, to: &bytes) }

    private mutating func append(_ text: [UInt8]) {
        append(text.count)
        bytes += text
    }

    private mutating func append(_ text: String) {
        append(text.utf8.count)
        bytes.append(contentsOf: text.utf8)
    }

    private mutating func append(_ metadata: ObjectMetadata) {
        append(metadata.fields.count)
        for field in metadata.fields {
            append(field.name)
            append(field.value)
        }
    }

    private mutating func append(_ encryption: ObjectEncryption) {
        switch encryption.key {
        case .customer(let check):
            bytes.append(KeyKind.customer.rawValue)
            append(check)
        case .store(let wrapped):
            bytes.append(KeyKind.store.rawValue)
            append(wrapped)
        }
        append(encryption.salt)
        append(encryption.pieces.count)
        for piece in encryption.pieces {
            append(piece.number)
            Varint.append(UInt64(piece.size), to: &bytes)
            append(piece.salt)
        }
    }

    private mutating func append(_ entry: ObjectEntry, _ inline: [UInt8]?) -> Int? {
        let facts = entry.facts
        Varint.append(UInt64(facts.size), to: &bytes)
        Varint.append(UInt64(facts.checksum), to: &bytes)
        append(facts.etag)
        append(facts.modified)
        append(facts.metadata)
        append((facts.encryption == nil ? EntryForm.plain : .encrypted).rawValue)
        if let encryption = facts.encryption { append(encryption) }
        if let inline {
            precondition(Int64(inline.count) == facts.size)
            bytes.append(PlaceKind.here.rawValue)
            let start = bytes.count
            bytes += inline
            return start
        }
        switch entry.place {
        case .file(let id):
            bytes.append(PlaceKind.file.rawValue)
            Varint.append(id, to: &bytes)
        case .journal(let segment, let offset):
            bytes.append(PlaceKind.journal.rawValue)
            Varint.append(segment, to: &bytes)
            Varint.append(UInt64(offset), to: &bytes)
        }
        return nil
    }
}

/// Reads records back; every length is checked, so damage gives an error and no crash.
struct RecordDecoder {
    private let bytes: [UInt8]
    private var position = 0
    /// The segment and the offset in it at which `bytes` begin, for objects whose bytes are in the record.
    private let segment: UInt64
    private let origin: Int64

    init(_ bytes: [UInt8], segment: UInt64, origin: Int64) {
        self.bytes = bytes
        self.segment = segment
        self.origin = origin
    }

    /// Nil at the end. - Errors: `BKT-201`.
    mutating func next() throws(BucketsError) -> StoreRecord? {
        guard position < bytes.count else { return nil }
        guard let kind = RecordEncoder.Kind(rawValue: try byte()) else {
            throw damage("an unknown kind of record")
        }
        let name = try text()
        switch kind {
        case .createBucket: return .createBucket(name: name, at: try instant())
        case .deleteBucket: return .deleteBucket(name: name)
        case .put: return .put(bucket: name, key: ObjectKey(bytes: try field()), entry: try entry())
        case .delete: return .delete(bucket: name, key: ObjectKey(bytes: try field()))
        case .deleteMany:
            var keys: [ObjectKey] = []
            for _ in 0..<(try count()) { keys.append(ObjectKey(bytes: try field())) }
            return .deleteMany(bucket: name, keys: keys)
        case .configureBucket: return try setting(of: name)
        case .startUpload, .startEncryptedUpload:
            let bucket = try text()
            let key = ObjectKey(bytes: try field())
            var upload = MultipartUpload(
                bucket: bucket, key: key, started: try instant(), metadata: try metadata())
            if kind == .startEncryptedUpload { upload.encryption = try encryption() }
            return .startUpload(id: name, upload)
        case .putPart: return .putPart(upload: name, number: try partNumber(), entry: try entry())
        case .completeUpload: return .completeUpload(id: name, entry: try entry())
        case .abortUpload: return .abortUpload(id: name)
        }
    }

    private mutating func setting(of bucket: String) throws(BucketsError) -> StoreRecord {
        guard let setting = BucketSettings.Name(rawValue: try text()) else {
            throw damage("an unknown setting of a bucket")
        }
        let bytes = try field()
        guard !bytes.isEmpty else {
            return .configureBucket(name: bucket, setting: setting, document: nil)
        }
        do throws(JSONError) {
            let document = try JSONParser.parse(bytes)
            return .configureBucket(name: bucket, setting: setting, document: document)
        } catch {
            throw damage("a setting of a bucket is no JSON")
        }
    }

    private mutating func byte() throws(BucketsError) -> UInt8 {
        guard position < bytes.count else { throw damage("a record ends early") }
        defer { position += 1 }
        return bytes[position]
    }

    private mutating func number() throws(BucketsError) -> UInt64 {
        var end = position
        guard let value = Varint.read(bytes.span, at: &end) else { throw damage("a record ends early") }
        position = end
        return value
    }

    private mutating func size() throws(BucketsError) -> Int64 {
        guard let value = Int64(exactly: try number()) else { throw damage("a size is out of range") }
        return value
    }

    /// A name and no count: it says nothing of what follows.
    private mutating func partNumber() throws(BucketsError) -> Int {
        guard let value = Int(exactly: try number()) else { throw damage("a part's number is out of range") }
        return value
    }

    /// A number of things that follow, each at least one byte long.
    private mutating func count() throws(BucketsError) -> Int {
        let value = try number()
        guard value <= UInt64(bytes.count) else { throw damage("a count is out of range") }
        return Int(value)
    }

    private mutating func field() throws(BucketsError) -> [UInt8] {
        let length = try count()
        guard length <= bytes.count - position else { throw damage("a record ends early") }
        defer { position += length }
        return Array(bytes[position..<position + length])
    }

    private mutating func text() throws(BucketsError) -> String {
        String(decoding: try field(), as: UTF8.self)
    }

    private mutating func instant() throws(BucketsError) -> Instant {
        var end = position
        guard let value = Varint.readZigZag(bytes.span, at: &end) else { throw damage("a record ends early") }
        position = end
        return Instant(microseconds: value)
    }

    private mutating func metadata() throws(BucketsError) -> ObjectMetadata {
        var fields: [ObjectMetadata.Field] = []
        for _ in 0..<(try count()) { fields.append(ObjectMetadata.Field(try text(), try text())) }
        return ObjectMetadata(fields)
    }

    private mutating func entry() throws(BucketsError) -> ObjectEntry {
        let size = try size()
        let checksum = UInt32(truncatingIfNeeded: try number())
        let (etag, modified, metadata) = (try text(), try instant(), try metadata())
        guard let form = RecordEncoder.EntryForm(rawValue: try count()) else {
            throw damage("an unknown version slot")
        }
        let facts = ObjectFacts(
            size: size, checksum: checksum, etag: etag, modified: modified, metadata: metadata,
            encryption: form == .encrypted ? try encryption(ofSize: size) : nil)
        switch RecordEncoder.PlaceKind(rawValue: try byte()) {
        case .file: return ObjectEntry(place: .file(try number()), facts: facts)
        case .journal:
            return ObjectEntry(place: .journal(segment: try number(), offset: try self.size()), facts: facts)
        case .here:
            guard size <= Int64(bytes.count - position) else { throw damage("an object's bytes end early") }
            defer { position += Int(size) }
            return ObjectEntry(
                place: .journal(segment: segment, offset: origin + Int64(position)), facts: facts)
        case nil: throw damage("an unknown kind of place")
        }
    }

    /// An upload that waits for its parts has no bytes yet.
    private mutating func encryption(ofSize size: Int64 = 0) throws(BucketsError) -> ObjectEncryption {
        let key: ObjectEncryption.Key
        switch RecordEncoder.KeyKind(rawValue: try byte()) {
        case .customer: key = .customer(check: try field())
        case .store: key = .store(wrapped: try field())
        case nil: throw damage("an unknown kind of key")
        }
        let salt = try field()
        var pieces: [ObjectEncryption.Piece] = []
        var left = size
        for _ in 0..<(try count()) {
            let piece = ObjectEncryption.Piece(
                number: try partNumber(), size: try self.size(), salt: try field())
            // First the plain size alone: a damaged one could be larger than what can be added to.
            guard piece.number > pieces.last?.number ?? 0, piece.size < left,
                ChunkFormat.storedSize(piece.size) <= left
            else { throw damage("the pieces of an encrypted object do not fit") }
            left -= ChunkFormat.storedSize(piece.size)
            pieces.append(piece)
        }
        guard left == 0 else { throw damage("an encrypted object has another size than its pieces") }
        return ObjectEncryption(key: key, salt: salt, pieces: pieces)
    }

    private func damage(_ summary: String) -> BucketsError {
        BucketsError(
            .journalDamaged, "the journal is damaged: \(summary)",
            ["segment": segment, "offset": origin + Int64(position)])
    }
}
