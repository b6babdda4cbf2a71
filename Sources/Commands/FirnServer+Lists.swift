import JSONText

extension FirnServer {
    private static let pageSize = 100

    /// All members of a list below `/client/v4/accounts/{account}/`, page by page.
    ///
    /// Lists are counted in pages or go on behind a cursor, as their `result_info` says; one that says nothing is whole.
    /// `member` is where the list stands in the result when it is not the result itself.
    ///
    /// - Errors: as `call`.
    func list(_ path: String, member: String? = nil) async throws -> [JSONValue] {
        let base = "/client/v4/accounts/\(Self.segment(account))/\(path)?per_page=\(Self.pageSize)"
        var all: [JSONValue] = []
        var next = base
        var number = 1
        while true {
            let answer = try await envelope("GET", next)
            let result = answer["result"] ?? .null
            let page = (member.map { result[$0] ?? .null } ?? result).array ?? []
            all += page
            let info = answer["result_info"]
            if page.isEmpty { return all }
            if let cursor = info?["cursor"]?.string, !cursor.isEmpty {
                next = "\(base)&cursor=\(Self.segment(cursor))"
            } else if let total = info?["total_count"]?.integer, Int64(all.count) < total {
                number += 1
                next = "\(base)&page=\(number)"
            } else {
                return all
            }
        }
    }
}
