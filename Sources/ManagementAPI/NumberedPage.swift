import JSONText
import Wire

/// One page of a list as the hosted service counts them: from one, and empty behind the last.
///
///     ?page=2&per_page=20
struct NumberedPage: Sendable {
    static let sizeDefault = 20
    static let sizeMaximum = 1000

    let number: Int
    let size: Int

    /// `sizeAlias` is another name for `per_page`. - Errors: `MGT-102`.
    init(_ request: Request, sizeAlias: String = "per_page", sizeDefault: Int = Self.sizeDefault) throws {
        number = try Self.integer(request, "page", 1...1_000_000) ?? 1
        size =
            try Self.integer(request, "per_page", 1...Self.sizeMaximum)
            ?? Self.integer(request, sizeAlias, 1...Self.sizeMaximum) ?? sizeDefault
    }

    /// - Errors: `MGT-102`.
    static func integer(_ request: Request, _ name: String, _ range: ClosedRange<Int>) throws -> Int? {
        guard let text = try request.query(name) else { return nil }
        // The SDK writes some of them as floats.
        let value = Int(text) ?? Double(text).flatMap { Int(exactly: $0) }
        guard let value, range.contains(value) else {
            throw ManagementError(
                .invalidQuery, "a query member is not in its range",
                [
                    "member": name, "value": text,
                    "range": "\(range.lowerBound) to \(range.upperBound)",
                ])
        }
        return value
    }

    /// `alias` is another member of the answer that has the rows too.
    func answer(_ all: [JSONValue], alsoAs alias: String? = nil) -> Response {
        let start = min(all.count, (number - 1) * size)
        let page = Array(all[start..<min(all.count, start + size)])
        let info: JSONValue = [
            "page": .integer(Int64(number)), "per_page": .integer(Int64(size)),
            "count": .integer(Int64(page.count)),
            "total_count": .integer(Int64(all.count)),
        ]
        return Envelope.success(
            .array(page), info: info, others: alias.map { [$0: .array(page)] } ?? [:])
    }
}
