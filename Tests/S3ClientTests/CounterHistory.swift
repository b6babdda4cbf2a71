import Blobs
import Testing

/// Several writers count up one object, each from what it read: a write that happened twice, or was acknowledged and did
/// not happen, shows in the count.
struct CounterHistory: Sendable {
    struct Tally: Sendable {
        var acknowledged = 0
        /// Nobody could say whether these happened.
        var unresolved = 0
        /// What the object says at the end.
        var found = 0

        var isPossible: Bool {
            acknowledged > 0 && found >= acknowledged && found <= acknowledged + unresolved
        }
    }

    let store: any BlobStore
    let path: BlobPath
    var writers = 4
    var rounds = 15

    static func value(of bytes: [UInt8]) -> Int { bytes.reduce(0) { $0 << 8 + Int($1) } }

    func run() async throws -> Tally {
        do {
            _ = try await retried { try await store.put(path, [0, 0], if: .ifAbsent) }
        } catch let error as BlobsError where error.code == .conditionFailed {
            // An earlier try of this, of which nobody could say whether it happened.
        }
        var tally = try await withThrowingTaskGroup(of: Tally.self) { group in
            for _ in 0..<writers { group.addTask { try await count() } }
            return try await group.reduce(into: Tally()) {
                $0.acknowledged += $1.acknowledged
                $0.unresolved += $1.unresolved
            }
        }
        tally.found = Self.value(of: try await retried { try await store.read(path) })
        return tally
    }

    private func count() async throws -> Tally {
        var tally = Tally()
        for _ in 0..<rounds {
            do {
                let reader = try await store.open(path)
                let next = Self.value(of: try await reader.read([0..<2])[0]) + 1
                _ = try await store.put(
                    path, [UInt8(next >> 8), UInt8(next & 0xFF)], if: .ifMatch(etag: reader.info.etag))
                tally.acknowledged += 1
            } catch let error as BlobsError {
                if error.code == .writeUnresolved { tally.unresolved += 1 }
            }
        }
        return tally
    }

    /// The network may fail more than the store's client bears.
    private func retried<Result>(_ body: () async throws -> Result) async throws -> Result {
        for _ in 0..<20 {
            do { return try await body() } catch let error as BlobsError
                where [.unavailable, .writeUnresolved].contains(error.code)
            { continue }
        }
        return try await body()
    }
}
