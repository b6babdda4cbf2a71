import Blobs
import JSONText

/// Takes a store for one owner: two that wrote to the same prefix would not know of each other's buckets.
///
///     .firn/store.json   {"format":"firn store","version":1,"owner":"9f86d081…"}
struct StoreClaim: Sendable {
    let store: any BlobStore
    let owner: String

    private static let format = "firn store"
    private static let version: Int64 = 1
    private static let path = BlobPath(bucket: ExternalBuckets.ownBucket, key: "store.json")

    /// - Errors: `BKT-203`, `BKT-202`, `BKT-204`.
    func take() async throws {
        let claim: JSONValue = [
            "format": .string(Self.format), "version": .integer(Self.version), "owner": .string(owner),
        ]
        do {
            _ = try await store.put(Self.path, claim.serialized() + [0x0A], if: .ifAbsent)
        } catch let error as BlobsError where error.code == .conditionFailed {
            try await check(try await store.read(Self.path))
        }
    }

    private func check(_ bytes: [UInt8]) async throws {
        let json: JSONValue
        do throws(JSONError) { json = try JSONParser.parse(bytes) } catch {
            throw ExternalBuckets.damaged(Self.path.key, "it is no JSON")
        }
        guard json["format"]?.string == Self.format, let version = json["version"]?.integer,
            let found = json["owner"]?.string
        else { throw ExternalBuckets.damaged(Self.path.key, "it is not one of Firn's") }
        guard version <= Self.version else {
            throw BucketsError(
                .versionTooNew, "a newer version of Firn wrote to the store", ["version": version])
        }
        guard found == owner else {
            throw BucketsError(
                .storeOwned, "the store belongs to another Firn", ["owner": found, "own": owner],
                hint:
                    "name another prefix with --store; if that Firn is gone for good, delete .firn/store.json there"
            )
        }
    }
}
