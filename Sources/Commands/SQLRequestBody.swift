import JSONText

/// What `firn sql query` sends, from its flags.
struct SQLRequestBody {
    let json: JSONValue

    /// - Errors: `CLI-101` for parameters by place and by name at once, or a setting without a value.
    init(_ sql: String, seconds: Int, _ invocation: Invocation) throws(CommandError) {
        var body: JSONObject = ["query": .string(sql), "timeout_ms": .integer(Int64(seconds) * 1_000)]
        if let namespace = invocation["namespace"] { body["namespace"] = .string(namespace) }
        body["parameters"] = try Self.parameters(invocation.values("param"))
        var settings = JSONObject()
        for text in invocation.values("set") {
            guard let (name, value) = Self.pair(text) else {
                throw CommandError(.usage, "a setting is NAME=VALUE", ["set": text])
            }
            settings[name] = .string(value)
        }
        if !settings.isEmpty { body["settings"] = .object(settings) }
        json = .object(body)
    }

    private static func parameters(_ texts: [String]) throws(CommandError) -> JSONValue? {
        if texts.isEmpty { return nil }
        let pairs = texts.map { pair($0) }
        let named = pairs.compactMap { $0 }
        if named.isEmpty { return .array(texts.map(value)) }
        guard named.count == texts.count else {
            throw CommandError(
                .usage, "parameters are all by place or all by name",
                hint: "write --param name=value for each")
        }
        var object = JSONObject()
        for (name, text) in named { object[name] = value(text) }
        return .object(object)
    }

    /// `name=value`, where the name is a word.
    private static func pair(_ text: String) -> (String, String)? {
        guard let sign = text.firstIndex(of: "="), sign != text.startIndex else { return nil }
        let name = text[..<sign]
        let isWord = name.utf8.allSatisfy {
            ($0 | 0x20) >= 0x61 && ($0 | 0x20) <= 0x7A || $0 == UInt8(ascii: "_")
                || $0 >= 0x30 && $0 <= 0x39
        }
        return isWord ? (String(name), String(text[text.index(after: sign)...])) : nil
    }

    /// JSON where it is some, else a text.
    private static func value(_ text: String) -> JSONValue {
        do throws(JSONError) { return try JSONParser.parse(Array(text.utf8)) } catch { return .string(text) }
    }
}
