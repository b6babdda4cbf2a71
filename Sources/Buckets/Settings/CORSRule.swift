package import JSONText

/// Which web pages may do what with a bucket's objects.
package struct CORSRule: Sendable, Hashable {
    package var id: String?
    package var origins: [String]
    package var methods: [String]
    package var headers: [String]
    package var exposed: [String]
    package var maxAgeSeconds: Int64?

    static let knownMethods: Set<String> = ["GET", "PUT", "POST", "DELETE", "HEAD"]

    /// - Errors: `BKT-110`.
    package static func rules(_ document: JSONValue?) throws(BucketsError) -> [CORSRule] {
        try SettingRules.list(document) { entry throws(BucketsError) in
            let methods = texts(entry["allowed"]?["methods"])
            let origins = texts(entry["allowed"]?["origins"])
            guard !methods.isEmpty, methods.allSatisfy(knownMethods.contains) else {
                throw BucketsError(
                    .settingInvalid, "a rule allows at least one method",
                    ["methods": methods.joined(separator: ", ")],
                    hint: "methods are GET, PUT, POST, DELETE and HEAD")
            }
            guard !origins.isEmpty, origins.allSatisfy({ $0.count { $0 == "*" } <= 1 }) else {
                throw BucketsError(
                    .settingInvalid, "a rule allows at least one origin, with at most one * each",
                    ["origins": origins.joined(separator: ", ")])
            }
            return CORSRule(
                id: entry["id"]?.string, origins: origins, methods: methods,
                headers: texts(entry["allowed"]?["headers"]), exposed: texts(entry["exposeHeaders"]),
                maxAgeSeconds: entry["maxAgeSeconds"]?.integer)
        }
    }

    private static func texts(_ value: JSONValue?) -> [String] { value?.array?.compactMap(\.string) ?? [] }

    /// Whether the rule lets a page of `origin` use `method` with these request headers, given in lower case.
    package func allows(origin: String, method: String, headers wanted: [String]) -> Bool {
        methods.contains(method) && origins.contains { Self.matches($0, origin) }
            && wanted.allSatisfy { name in headers.contains { Self.matches($0.lowercased(), name) } }
    }

    /// One `*` stands for anything.
    private static func matches(_ pattern: String, _ text: String) -> Bool {
        guard let star = pattern.firstIndex(of: "*") else { return pattern == text }
        let (head, tail) = (pattern[..<star], pattern[pattern.index(after: star)...])
        return text.utf8.count >= head.utf8.count + tail.utf8.count && text.hasPrefix(head)
            && text.hasSuffix(tail)
    }
}
