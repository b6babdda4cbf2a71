import Columnar
import JSONText
import Telemetry
import Wire

/// One way to write an answer: what comes first, each batch, what comes last.
///
/// - Threads: any, one call at a time.
protocol ResultFormat: Sendable {
    var contentType: String { get }
    func head() throws -> [UInt8]
    func encode(_ batch: Batch) throws -> [UInt8]
    func tail(_ metrics: JSONObject) throws -> [UInt8]
    /// What a reader of a broken answer finds before the transfer is aborted; empty where nothing can stand.
    func failure(_ error: any Error) -> [UInt8]
}

extension ResultFormat {
    func failure(_ error: any Error) -> [UInt8] { [] }
}

/// The media types an answer can have, and how `Accept` chooses among them.
enum ResultMedia: String, CaseIterable {
    /// The hosted service's envelope.
    case json = "application/json"
    case lines = "application/x-ndjson"
    case csv = "text/csv"
    case arrow = "application/vnd.apache.arrow.stream"
    case parquet = "application/vnd.apache.parquet"

    /// The first of the best-liked ones; the envelope when the client does not say, or takes anything.
    ///
    /// - Errors: `QRY-103`.
    static func chosen(by accept: String?) throws(QueryAPIError) -> ResultMedia {
        guard let accept, !accept.allSatisfy(\.isWhitespace) else { return .json }
        var best: (media: ResultMedia, weight: Double)?
        for part in accept.split(separator: ",") {
            let pieces = part.split(separator: ";").map { $0.filter { !$0.isWhitespace }.lowercased() }
            guard let name = pieces.first, let media = media(name) else { continue }
            let text = pieces.dropFirst().first { $0.hasPrefix("q=") }?.dropFirst(2)
            let weight = text.flatMap { Double($0) } ?? 1
            if weight > best?.weight ?? 0 { best = (media, weight) }
        }
        if let best { return best.media }
        throw QueryAPIError(
            .notAcceptable, "an answer has none of the media types asked for", ["accept": accept.prefix(200)],
            hint: "ask for " + allCases.map(\.rawValue).joined(separator: ", "))
    }

    private static func media(_ name: String) -> ResultMedia? {
        switch name {
        case "*/*", "application/*": .json
        case "text/*": .csv
        case "application/jsonl", "application/ndjson": .lines
        case "application/x-parquet", "application/parquet": .parquet
        default: ResultMedia(rawValue: name)
        }
    }

    func format(_ schema: Schema, _ requestID: RequestID) throws -> any ResultFormat {
        switch self {
        case .json: EnvelopeFormat(schema: schema, requestID: requestID)
        case .lines: LinesFormat(schema: schema)
        case .csv: CSVFormat(schema: schema)
        case .arrow: try ArrowFormat(schema: schema)
        case .parquet: try ParquetFormat(schema: schema)
        }
    }
}
