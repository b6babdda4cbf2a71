import Columnar
import Faults

/// Reads a request body in Arrow's IPC streaming format into lines of JSON: a column is a field, a row an event.
///
/// The stream's schema judges the lines as it judges those that come as JSON.
///
/// - Source: Apache Arrow, "IPC Streaming Format"; the media type is registered with IANA.
package struct ArrowBody: Sendable {
    package static let mediaType = "application/vnd.apache.arrow.stream"

    /// What a value takes as a column's and its size as a number.
    private static let cellBytes = 32
    /// Buffers of all batches, those of dictionaries with each of them, in bodies as long as lines may get.
    private static let workFactor = 8

    private let limit: Int

    /// `limit` bounds the JSON, which repeats the columns' names in each row.
    package init(limit: Int) { self.limit = limit }

    package static func isNamed(by mediaType: String?) -> Bool {
        MediaTypeName.of(mediaType) == self.mediaType
    }

    /// `reserve` hears how many bytes reading and the lines may take, before they do.
    ///
    /// - Errors: `FMT-102` for what is no such stream, or has columns that are no fields; `FMT-103` above the limit; what
    ///   `reserve` throws.
    package func lines(of bytes: [UInt8], reserve: @escaping (Int) throws -> Void) throws -> [UInt8] {
        // An empty body would be a stream without a schema.
        guard !bytes.isEmpty else {
            throw FileFormatsError(.malformedBody, "the body is empty", at: .byte(0))
        }
        let share = Share(reserve)
        var lines = ArrowLines(limit: limit)
        var work = 0
        do {
            // Every value makes two bytes at least, so there cannot be more of them.
            try ArrowFeedHandle.batches(
                of: bytes, cellLimit: limit / 2, memory: DecodingMemory { try share.set(decoding: $0) },
                look: { rows in
                    work += rows.byteCount
                    guard work <= Self.workFactor * limit else {
                        throw FileFormatsError(
                            .tooLarge, "the batches, each with its dictionaries, hold too much",
                            ["limit": Self.workFactor * limit], hint: "send larger batches, or plain columns")
                    }
                    try share.set(columns: rows.cellCount * Self.cellBytes + 2 * rows.byteCount)
                },
                { batch in try lines.append(batch) { try share.set(lines: $0) } })
        } catch let error as FileFormatsError where [.corruptFile, .unsupportedFile].contains(error.code) {
            throw Self.malformed(error.summary, error)
        } catch let error as ColumnarError {
            throw Self.malformed("a column of the Arrow stream is of a type that no event has", error)
        }
        return lines.text
    }

    private static func malformed(_ summary: String, _ error: any Fault) -> FileFormatsError {
        FileFormatsError(
            .malformedBody, summary, context: error.context,
            hint: "send what an Arrow library writes as a stream, not as a file, with columns of plain types")
    }

    /// What reading holds, part by part; its owner hears the sum.
    private final class Share {
        private let reserve: (Int) throws -> Void
        private var decoding = 0
        private var columns = 0
        private var lines = 0

        init(_ reserve: @escaping (Int) throws -> Void) { self.reserve = reserve }

        func set(decoding bytes: Int) throws {
            decoding = bytes
            try reserve(decoding + columns + lines)
        }

        func set(columns bytes: Int) throws {
            columns = bytes
            try reserve(decoding + columns + lines)
        }

        func set(lines bytes: Int) throws {
            lines = bytes
            try reserve(decoding + columns + lines)
        }
    }
}
