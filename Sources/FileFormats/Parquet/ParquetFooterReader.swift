import Blobs

/// Finds and fetches the footer at a file's end.
///
///     "PAR1" | row groups … | footer | length: 4, little-endian | "PAR1"
enum ParquetFooterReader {
    /// Nearly every footer lies within it.
    private static let firstRead: Int64 = 64 << 10
    /// Larger footers are refused: they are parsed in memory.
    private static let footerLimit = 64 << 20

    static func read(_ reader: any BlobReader) async throws -> (footer: ParquetFooter, byteCount: Int) {
        let size = reader.info.size
        guard size >= 12 else { throw notParquet(size) }
        let start = max(0, size - firstRead)
        let tail = try await reader.read([start..<size])[0]
        guard tail.count >= 8 else { throw notParquet(size) }
        let magic = tail.suffix(4)
        if magic.elementsEqual("PARE".utf8) {
            throw FileFormatsError(.unsupportedFile, "the Parquet file is encrypted")
        }
        guard magic.elementsEqual("PAR1".utf8) else { throw notParquet(size) }
        let lengthBytes = tail[(tail.count - 8)..<(tail.count - 4)]
        let length = lengthBytes.reversed().reduce(0) { $0 << 8 | Int($1) }
        guard length > 0, Int64(length) <= size - 12 else {
            throw FileFormatsError(
                .corruptFile, "the Parquet footer does not fit its file", ["footer": length, "file": size])
        }
        guard length <= footerLimit else {
            throw FileFormatsError(.tooLarge, "the Parquet footer is too large", ["bytes": length])
        }
        let footer: [UInt8]
        if length + 8 <= tail.count {
            footer = Array(tail[(tail.count - 8 - length)..<(tail.count - 8)])
        } else {
            footer = try await reader.read([(size - 8 - Int64(length))..<(size - 8)])[0]
        }
        return (try ParquetFooter(footer, fileSize: size), length)
    }

    private static func notParquet(_ size: Int64) -> FileFormatsError {
        FileFormatsError(.corruptFile, "the file is no Parquet file", ["bytes": size])
    }
}

/// Joins ranges that lie close together, so that a request more is traded for some bytes not needed.
enum RangeCoalescing {
    /// About what a store sends in the time that a request takes.
    private static let gap: Int64 = 128 << 10
    /// Larger answers are split, so that a store can send them side by side.
    private static let largest: Int64 = 16 << 20

    static func join(_ ranges: [Range<Int64>]) -> [Range<Int64>] {
        var joined: [Range<Int64>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) where !range.isEmpty {
            if let last = joined.last, range.lowerBound - last.upperBound <= gap,
                max(range.upperBound, last.upperBound) - last.lowerBound <= largest
                    || range.lowerBound < last.upperBound
            {
                joined[joined.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
            } else {
                joined.append(range)
            }
        }
        return joined
    }
}
