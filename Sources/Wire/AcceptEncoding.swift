/// Which codings of an answer a client takes.
///
/// Source: RFC 9110, section 12.5.3.
package enum AcceptEncoding {
    /// Whether the headers name gzip, as in `gzip, deflate;q=0.5`, and do not like the plain form better.
    ///
    /// `*` does not count: some send it and decode nothing.
    package static func takesGzip(_ headers: HTTPHeaders) -> Bool {
        var gzip: Double?
        var identity: Double?
        for header in headers.all("accept-encoding") {
            for member in header.split(separator: ",") {
                let parts = member.split(separator: ";").map { part in
                    part.filter { $0 != " " && $0 != "\t" }.lowercased()
                }
                switch parts.first {
                case "gzip", "x-gzip": gzip = max(gzip ?? 0, weight(parts.dropFirst()))
                case "identity": identity = weight(parts.dropFirst())
                default: continue
                }
            }
        }
        guard let gzip, gzip > 0 else { return false }
        return gzip >= identity ?? 0
    }

    /// 1 without `q=`; 0, which is "not at all", for one that is no number from 0 to 1.
    private static func weight(_ parameters: ArraySlice<String>) -> Double {
        guard let text = parameters.first(where: { $0.hasPrefix("q=") })?.dropFirst(2) else { return 1 }
        guard let value = Double(text), (0...1).contains(value) else { return 0 }
        return value
    }
}
