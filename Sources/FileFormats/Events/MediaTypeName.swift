/// The name in a `Content-Type`, without what follows it and without case.
enum MediaTypeName {
    /// Empty for none.
    ///
    /// - Cost: none to speak of for a plain name, which nearly all are: every request has one.
    static func of(_ header: String?) -> String {
        guard let header else { return "" }
        let isPlain = header.utf8.allSatisfy { byte in
            byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: ";")
                && !(UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
        }
        return isPlain ? header : header.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
    }
}
