package import Effects
package import JSONText

/// What is set for a bucket besides its name: who may read it from a web page, what expires, what is locked.
///
/// Each is kept as the JSON of the hosted product's management API and read once, when it is set or replayed.
package struct BucketSettings: Sendable {
    /// The names are part of the journal's format.
    package enum Name: String, Sendable, CaseIterable {
        case cors, lifecycle, lock, isPublic = "public", storageClass = "storage_class", encryption
    }

    /// As set.
    package private(set) var documents: [Name: JSONValue] = [:]
    package private(set) var cors: [CORSRule] = []
    package private(set) var lifecycle: [LifecycleRule] = []
    package private(set) var locks: [LockRule] = []
    /// Objects may be read without a signature; nothing may be listed.
    package private(set) var isPublic = false
    /// Objects for which nothing else is asked are encrypted with a key of the store's.
    package private(set) var encryptsObjects = false
    /// A label only: there is one class of storage.
    package private(set) var storageClass = "Standard"

    package init() {}

    /// Nil takes the setting away. - Errors: `BKT-110`.
    package mutating func set(_ name: Name, _ document: JSONValue?) throws(BucketsError) {
        switch name {
        case .cors: cors = try CORSRule.rules(document)
        case .lifecycle: lifecycle = try LifecycleRule.rules(document)
        case .lock: locks = try LockRule.rules(document)
        case .isPublic: isPublic = document?.boolean ?? false
        case .encryption:
            guard [nil, "AES256"].contains(document?["algorithm"]?.string), document?["algorithm"] != .null
            else {
                throw BucketsError(
                    .settingInvalid, "no such algorithm of encryption", hint: "use AES256")
            }
            encryptsObjects = document != nil
        case .storageClass:
            let label = document?.string ?? "Standard"
            guard ["Standard", "InfrequentAccess"].contains(label) else {
                throw BucketsError(
                    .settingInvalid, "no such storage class", ["value": label],
                    hint: "use Standard or InfrequentAccess")
            }
            storageClass = label
        }
        documents[name] = document
    }

    /// When an object will be deleted, as far as rules know, and by which.
    package func expiration(of key: String, modified: Instant) -> (at: Instant, rule: String)? {
        lifecycle.lazy.filter { $0.isEnabled && key.utf8.starts(with: $0.prefix.utf8) }
            .compactMap { rule in rule.deletion.map { ($0.instant(since: modified), rule.id) } }
            .min { $0.0 < $1.0 }
    }

    /// Whether some rule keeps an object as it is now. - Source: the strictest of all that fit wins.
    func isLocked(_ key: [UInt8], modified: Instant, now: Instant) -> Bool {
        locks.contains { $0.holds(key, modified: modified, now: now) }
    }
}

/// What all kinds of rules share.
enum SettingRules {
    static let countMost = 1000

    /// - Errors: `BKT-110`.
    static func list<Rule>(
        _ document: JSONValue?, _ read: (JSONValue) throws(BucketsError) -> Rule
    ) throws(BucketsError) -> [Rule] {
        guard let document, !document.isNull else { return [] }
        guard let list = document["rules"]?.array else {
            throw BucketsError(.settingInvalid, "rules must be an array", ["member": "rules"])
        }
        guard list.count <= countMost else {
            throw BucketsError(
                .settingInvalid, "too many rules", ["rules": list.count, "limit": countMost])
        }
        var rules: [Rule] = []
        for entry in list { rules.append(try read(entry)) }
        return rules
    }

    /// A member that must be there. - Errors: `BKT-110`.
    static func need<Value>(_ value: Value?, _ member: String, _ form: String) throws(BucketsError) -> Value {
        guard let value else {
            throw BucketsError(.settingInvalid, "a rule's member must be \(form)", ["member": member])
        }
        return value
    }

    /// The start of a day, or a moment. - Errors: `BKT-110`.
    static func instant(_ value: JSONValue?, _ member: String) throws(BucketsError) -> Instant {
        let text = value?.string ?? ""
        let whole = text.count == 10 ? text + "T00:00:00Z" : text
        return try need(Instant(rfc3339: whole), member, "an RFC 3339 date")
    }
}
