import Blobs
import JSONText

/// What a Puffin file's footer tells of its blobs.
///
///     PFA1 | blob | blob | … | PFA1 | JSON | its bytes: 4 | flags: 4 | PFA1      (little-endian)
///
/// Source: Puffin specification, "Format".
struct PuffinFooter: Sendable {
    struct Blob: Sendable {
        let type: String?
        let offset: Int64
        let length: Int64
        let properties: JSONObject
    }

    private static let magic = Array("PFA1".utf8)
    private static let tailBytes: Int64 = 12
    /// A blob of a footer has some hundred bytes.
    private static let byteLimit: Int64 = 64 << 20

    let blobs: [Blob]

    /// Nil where the footer is compressed, which no writer of deletes does.
    ///
    /// - Errors: `TAB-104` for whatever is no such file.
    static func read(_ reader: any BlobReader) async throws -> PuffinFooter? {
        let size = reader.info.size
        guard size >= tailBytes + 8 else { throw malformed("it is too short") }
        let tail = try await reader.read([(size - tailBytes)..<size])[0]
        guard tail.suffix(4).elementsEqual(magic) else { throw malformed("it ends with another magic") }
        let bytes = tail.prefix(4).reversed().reduce(Int64(0)) { $0 << 8 | Int64($1) }
        guard bytes <= min(byteLimit, size - tailBytes - 8) else {
            throw malformed("its footer is too large")
        }
        if tail[4] & 1 == 1 { return nil }
        let start = size - tailBytes - bytes
        let footer = try await reader.read([(start - 4)..<(size - tailBytes)])[0]
        guard footer.prefix(4).elementsEqual(magic) else {
            throw malformed("its footer begins with another magic")
        }
        return try PuffinFooter(parsing: Array(footer.dropFirst(4)))
    }

    private init(parsing json: [UInt8]) throws {
        let footer: JSONValue
        do {
            footer = try JSONParser.parse(json)
        } catch { throw Self.malformed("its footer is no JSON") }
        guard let items = footer["blobs"]?.array else { throw Self.malformed("its footer names no blobs") }
        blobs = try items.map { item in
            guard let offset = item["offset"]?.integer, let length = item["length"]?.integer else {
                throw Self.malformed("its footer names a blob without its place")
            }
            return Blob(
                type: item["type"]?.string, offset: offset, length: length,
                properties: item["properties"]?.object ?? [:])
        }
    }

    private static func malformed(_ why: String) -> TablesError {
        TablesError(.deletesUnreadable, "a Puffin file cannot be read", ["because": why])
    }
}
