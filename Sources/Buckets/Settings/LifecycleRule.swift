package import Effects
package import JSONText

/// What becomes of old objects and unfinished uploads below a prefix.
package struct LifecycleRule: Sendable, Hashable {
    package enum Moment: Sendable, Hashable {
        case age(seconds: Int64)
        case date(Instant)

        func instant(since start: Instant) -> Instant {
            switch self {
            case .age(let seconds): Instant(microseconds: start.microseconds + seconds * 1_000_000)
            case .date(let instant): instant
            }
        }

        func hasCome(since start: Instant, now: Instant) -> Bool { now >= instant(since: start) }
    }

    package var id: String
    package var isEnabled: Bool
    package var prefix: String
    package var deletion: Moment?
    package var abortion: Moment?

    /// Transitions to another storage class are kept and answered; there is one class here.
    ///
    /// - Errors: `BKT-110`.
    package static func rules(_ document: JSONValue?) throws(BucketsError) -> [LifecycleRule] {
        try SettingRules.list(document) { entry throws(BucketsError) in
            LifecycleRule(
                id: try SettingRules.need(entry["id"]?.string, "id", "a string"),
                isEnabled: try SettingRules.need(entry["enabled"]?.boolean, "enabled", "true or false"),
                prefix: entry["conditions"]?["prefix"]?.string ?? "",
                deletion: try moment(entry["deleteObjectsTransition"]),
                abortion: try moment(entry["abortMultipartUploadsTransition"]))
        }
    }

    private static func moment(_ transition: JSONValue?) throws(BucketsError) -> Moment? {
        guard let transition, !transition.isNull, let condition = transition["condition"] else { return nil }
        if condition["type"]?.string == "Date" {
            return .date(try SettingRules.instant(condition["date"], "date"))
        }
        let seconds = condition["maxAge"]?.integer
        guard let seconds, (0...3_153_600_000).contains(seconds) else {
            throw BucketsError(
                .settingInvalid, "an age is a whole number of seconds", ["member": "maxAge"])
        }
        return .age(seconds: seconds)
    }

    func deletes(_ key: [UInt8], modified: Instant, now: Instant) -> Bool {
        isEnabled && key.starts(with: prefix.utf8) && deletion?.hasCome(since: modified, now: now) ?? false
    }

    func aborts(_ key: [UInt8], started: Instant, now: Instant) -> Bool {
        isEnabled && key.starts(with: prefix.utf8) && abortion?.hasCome(since: started, now: now) ?? false
    }
}
