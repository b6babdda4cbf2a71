import Blobs
import Octets

/// Reads ranges of one version of an object in a store.
///
/// Near ranges are fetched together, long ones in pieces side by side. A read of the whole object checks its CRC-32C,
/// where the store kept one.
struct S3BlobReader: BlobReader {
    let store: S3BlobStore
    let path: BlobPath
    let key: String
    let info: BlobInfo

    func read(_ ranges: [Range<Int64>]) async throws -> [[UInt8]] {
        try info.check(ranges, of: path)
        let plan = ReadPlan(ranges, gapBytes: store.limits.gapBytes, pieceBytes: store.limits.readBytes)
        let fetched = try await fetch(plan.pieces)
        return plan.answers(from: fetched)
    }

    /// In the order of `pieces`.
    private func fetch(_ pieces: [Range<Int64>]) async throws -> [[UInt8]] {
        if pieces.count == 1 { return [try await fetch(pieces[0])] }
        var fetched = [[UInt8]](repeating: [], count: pieces.count)
        try await withThrowingTaskGroup(of: (Int, [UInt8]).self) { group in
            var next = 0
            while next < pieces.count {
                if next >= store.limits.readsAtOnce, let (index, bytes) = try await group.next() {
                    fetched[index] = bytes
                }
                let index = next
                group.addTask { (index, try await fetch(pieces[index])) }
                next += 1
            }
            for try await (index, bytes) in group { fetched[index] = bytes }
        }
        return fetched
    }

    private func fetch(_ range: Range<Int64>) async throws -> [UInt8] {
        let isWhole = range == 0..<info.size
        var request = S3Request(
            operation: "GetObject", method: "GET", key: key,
            headers: [("if-match", S3Text.quoted(info.etag))],
            answerLimit: max(range.count, store.limits.hashedHereBytes), expectedBytes: range.count)
        if isWhole {
            request.headers.append(("x-amz-checksum-mode", "ENABLED"))
        } else {
            request.headers.append(("range", "bytes=\(range.lowerBound)-\(range.upperBound - 1)"))
        }
        let answer = try await store.call(request).answer
        switch answer.status {
        case 200 where isWhole, 206 where !isWhole: break
        case 412, 416:
            throw BlobsError(
                .versionGone, "the object was replaced while it was read",
                ["path": path, "opened": info.etag])
        default: throw store.fault(answer, request)
        }
        guard answer.body.count == range.count else {
            throw store.malformed(request, "it has \(answer.body.count) bytes instead of \(range.count)")
        }
        if isWhole { try await check(answer) }
        return answer.body
    }

    /// - Errors: `BLB-201`.
    private func check(_ answer: S3Answer) async throws {
        // The checksum of an object of parts is one of checksums, and has their number behind it.
        guard let known = answer.header("x-amz-checksum-crc32c"), !known.contains("-"),
            answer.header("x-amz-checksum-type").map({ $0 == "FULL_OBJECT" }) ?? true
        else { return }
        guard S3Text.checksum(try await store.checksum(answer.body)) == known else {
            throw BlobsError(
                .corrupt, "the object's bytes do not match their checksum", ["path": path, "key": key])
        }
    }
}

/// Which pieces to fetch for the ranges that are wanted.
///
///     wanted   [0..<4, 100..<200, 4..<8]        gap 16, piece 64
///     pieces   [0..<8, 100..<164, 164..<200]
struct ReadPlan: Sendable {
    private let wanted: [Range<Int64>]
    /// Ascending, apart from one another, none empty.
    let pieces: [Range<Int64>]

    init(_ wanted: [Range<Int64>], gapBytes: Int64, pieceBytes: Int64) {
        self.wanted = wanted
        var joined: [Range<Int64>] = []
        for range in wanted.filter({ !$0.isEmpty }).sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = joined.last, range.lowerBound <= last.upperBound + gapBytes {
                joined[joined.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
            } else {
                joined.append(range)
            }
        }
        pieces = joined.flatMap { range in
            stride(from: range.lowerBound, to: range.upperBound, by: Int64.Stride(pieceBytes)).map { start in
                start..<min(range.upperBound, start + pieceBytes)
            }
        }
    }

    /// `fetched` has the bytes of each piece.
    func answers(from fetched: [[UInt8]]) -> [[UInt8]] {
        if fetched.count == 1, wanted.count == 1 { return fetched }
        return wanted.map { range in
            guard !range.isEmpty else { return [] }
            var bytes: [UInt8] = []
            bytes.reserveCapacity(range.count)
            var index = firstPiece(endingBehind: range.lowerBound)
            while index < pieces.count, pieces[index].lowerBound < range.upperBound {
                let part = pieces[index].clamped(to: range)
                let base = pieces[index].lowerBound
                bytes += fetched[index][Int(part.lowerBound - base)..<Int(part.upperBound - base)]
                index += 1
            }
            return bytes
        }
    }

    private func firstPiece(endingBehind offset: Int64) -> Int {
        var low = 0
        var high = pieces.count
        while low < high {
            let middle = (low + high) / 2
            if pieces[middle].upperBound <= offset { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
