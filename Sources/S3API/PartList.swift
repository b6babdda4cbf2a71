import Blobs
import Buckets

/// The parts an object was made of: their sizes, and their checksums if all were sent with one.
struct PartList {
    /// The field of the object's metadata; never shown.
    private static let checksumField = "firn-part-checksums"

    let sizes: PartSizes
    private let kind: S3Checksum?
    private let checksums: [Substring]

    /// Nil for an object that came whole.
    init?(_ metadata: ObjectMetadata) {
        guard let sizes = metadata[PartSizes.field].flatMap({ PartSizes($0) }) else { return nil }
        self.sizes = sizes
        kind = MultipartChecksum(metadata)?.kind
        checksums = metadata[Self.checksumField]?.split(separator: ",") ?? []
    }

    var count: Int { sizes.count }

    /// Parts are counted from one.
    func checksum(of number: Int) -> (kind: S3Checksum, value: String)? {
        guard let kind, number >= 1, number <= checksums.count else { return nil }
        return (kind, String(checksums[number - 1]))
    }

    /// What is kept with the object. - Shapes: at most 44 bytes for each part.
    static func fields(_ parts: [PartInfo], _ kind: S3Checksum?) -> [ObjectMetadata.Field] {
        let sizes = ObjectMetadata.Field(PartSizes.field, PartSizes(parts.map(\.info.size)).text)
        let checksums = kind.map { kind in parts.compactMap { $0.metadata[kind.header] } } ?? []
        guard !checksums.isEmpty, checksums.count == parts.count else { return [sizes] }
        return [sizes, ObjectMetadata.Field(checksumField, checksums.joined(separator: ","))]
    }
}
