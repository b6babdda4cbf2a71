import Effects
package import JSONText

/// How a sink's files are called: `PREFIX-NAME.SUFFIX`.
package struct FileNaming: Sendable, Equatable {
    package enum Strategy: String, Sendable, CaseIterable {
        /// `00017-000`: the seventeenth file of the sink's first writer. Without a gap, also over crashes.
        case serial
        case uuid
        /// Sorts by time.
        case uuidV7 = "uuid_v7"
        /// Sorts by time.
        case ulid
    }

    package var prefix: String?
    /// With its dot; nil for the format's own.
    package var suffix: String?
    package var strategy = Strategy.uuid

    package init() {}

    package init(json: JSONValue) throws(PipelinesError) {
        if json.isNull { return }
        guard json.object != nil else { throw invalid("file_naming", "a file naming is an object") }
        prefix = try Self.text(json, "prefix")
        suffix = try Self.text(json, "suffix").map { $0.hasPrefix(".") ? $0 : "." + $0 }
        guard let given = json["strategy"], !given.isNull else { return }
        guard let known = given.string.flatMap({ Strategy(rawValue: $0) }) else {
            throw invalid(
                "file_naming.strategy",
                "a file is named by one of " + Strategy.allCases.map(\.rawValue).joined(separator: ", "))
        }
        strategy = known
    }

    private static func text(_ json: JSONValue, _ name: String) throws(PipelinesError) -> String? {
        guard let given = json[name], !given.isNull else { return nil }
        let path = "file_naming.\(name)"
        guard let text = given.string, text.utf8.count <= 128 else {
            throw invalid(path, "it is a text of at most 128 bytes")
        }
        guard !text.contains("/") else { throw invalid(path, "it has no slash: folders are the path's") }
        try KeyPath.check("x" + text, path)
        return text.isEmpty ? nil : text
    }

    package var json: JSONValue {
        var object: JSONObject = ["strategy": .string(strategy.rawValue)]
        if let prefix { object["prefix"] = .string(prefix) }
        if let suffix { object["suffix"] = .string(suffix) }
        return .object(object)
    }

    /// As long as names of the strategy get.
    var longestName: String {
        switch strategy {
        case .serial: Self.serialName(.max, writer: .max)
        case .uuid, .uuidV7: UniqueID(high: 0, low: 0).description
        case .ulid: String(repeating: "0", count: 26)
        }
    }

    func fileName(_ name: String, suffix standard: String) -> String {
        (prefix.map { $0 + "-" } ?? "") + name + (suffix ?? standard)
    }

    /// - Precondition: the strategy is not `serial`, whose names are the writer's.
    func uniqueName(at now: Instant, from randomness: some Randomness) -> String {
        switch strategy {
        case .serial: preconditionFailure("serial names come from the sink's writer")
        case .uuid: return UniqueID.random(from: randomness).description
        case .uuidV7: return UniqueID.timeOrdered(at: now, from: randomness).description
        case .ulid: return ULID.text(at: now, from: randomness)
        }
    }

    /// `00017-003`
    static func serialName(_ serial: Int64, writer: Int64) -> String {
        padded(serial, 5) + "-" + padded(writer, 3)
    }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

/// 48 bits of milliseconds and 80 random ones, as 26 letters of Crockford's base 32.
///
/// - Source: the ULID specification, "Components" and "Encoding".
enum ULID {
    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    static func text(at now: Instant, from randomness: some Randomness) -> String {
        let time = UInt128(UInt64(bitPattern: now.milliseconds) & 0xFFFF_FFFF_FFFF)
        let value = time << 80 | UInt128(randomness.next() & 0xFFFF) << 64 | UInt128(randomness.next())
        let letters = (0..<26).map { position in
            alphabet[Int(truncatingIfNeeded: value >> UInt128(5 * (25 - position)) & 31)]
        }
        return String(decoding: letters, as: UTF8.self)
    }
}
