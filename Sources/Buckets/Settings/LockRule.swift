package import Effects
package import JSONText

/// Keeps objects below a prefix from being overwritten or deleted, whoever asks.
package struct LockRule: Sendable, Hashable {
    package enum Condition: Sendable, Hashable {
        case age(seconds: Int64)
        case date(Instant)
        case indefinite
    }

    package var id: String
    package var isEnabled: Bool
    package var prefix: String
    package var condition: Condition

    /// - Errors: `BKT-110`.
    package static func rules(_ document: JSONValue?) throws(BucketsError) -> [LockRule] {
        try SettingRules.list(document) { entry throws(BucketsError) in
            LockRule(
                id: try SettingRules.need(entry["id"]?.string, "id", "a string"),
                isEnabled: try SettingRules.need(entry["enabled"]?.boolean, "enabled", "true or false"),
                prefix: entry["prefix"]?.string ?? "", condition: try condition(entry["condition"]))
        }
    }

    private static func condition(_ value: JSONValue?) throws(BucketsError) -> Condition {
        switch value?["type"]?.string {
        case "Indefinite": return .indefinite
        case "Date": return .date(try SettingRules.instant(value?["date"], "date"))
        case "Age":
            let seconds = value?["maxAgeSeconds"]?.integer
            guard let seconds, (1...3_153_600_000).contains(seconds) else {
                throw BucketsError(
                    .settingInvalid, "an age is a whole number of seconds", ["member": "maxAgeSeconds"])
            }
            return .age(seconds: seconds)
        default:
            throw BucketsError(
                .settingInvalid, "a lock's condition has a type",
                hint: "types are Age, Date and Indefinite")
        }
    }

    func holds(_ key: [UInt8], modified: Instant, now: Instant) -> Bool {
        guard isEnabled, key.starts(with: prefix.utf8) else { return false }
        switch condition {
        case .indefinite: return true
        case .date(let instant): return now < instant
        case .age(let seconds): return now.microseconds - modified.microseconds < seconds &* 1_000_000
        }
    }
}
