import Buckets
import Effects
import Identity
import JSONText
import Wire
import XMLText

/// CORS and lifecycle rules in S3's XML. The store keeps the hosted product's JSON; these translate.
extension S3Call {
    /// Nil takes the setting away; rules are read from the body otherwise.
    func putBucketSetting(_ name: BucketSettings.Name) async throws -> Response {
        try principal.require(.storageWrite, on: .bucket(bucket))
        let root = try XMLElement(s3: try await body().collect(limit: 1 << 20))
        let rules: [JSONValue]
        switch name {
        case .cors: rules = try root.expecting("CORSConfiguration").children("CORSRule").map(Self.cors)
        default:
            rules = try root.expecting("LifecycleConfiguration").children("Rule").enumerated().map {
                try Self.lifecycle($0.element, index: $0.offset)
            }
            try Self.checkIDs(rules)
        }
        guard !rules.isEmpty else { throw S3Error(.malformedXML, "the configuration has no rules") }
        try await buckets.set(name, of: bucket, to: ["rules": .array(rules)])
        return Response(status: 200)
    }

    func deleteBucketSetting(_ name: BucketSettings.Name) async throws -> Response {
        try principal.require(.storageWrite, on: .bucket(bucket))
        try await buckets.set(name, of: bucket, to: nil)
        return Response(status: 204)
    }

    func getBucketCORS() throws -> Response {
        try principal.require(.storageRead, on: .bucket(bucket))
        let rules = try buckets.settings(ofBucket: bucket).cors
        guard !rules.isEmpty else { throw S3Error(.noSuchCORS, "the bucket has no CORS rules") }
        return xml { xml in
            xml.element("CORSConfiguration", namespace: XMLWriter.s3Namespace) { xml in
                for rule in rules {
                    xml.element("CORSRule") { xml in
                        if let id = rule.id { xml.text("ID", id) }
                        for origin in rule.origins { xml.text("AllowedOrigin", origin) }
                        for method in rule.methods { xml.text("AllowedMethod", method) }
                        for header in rule.headers { xml.text("AllowedHeader", header) }
                        for header in rule.exposed { xml.text("ExposeHeader", header) }
                        if let seconds = rule.maxAgeSeconds { xml.text("MaxAgeSeconds", "\(seconds)") }
                    }
                }
            }
        }
    }

    func getBucketLifecycle() throws -> Response {
        try principal.require(.storageRead, on: .bucket(bucket))
        let rules = try buckets.settings(ofBucket: bucket).documents[.lifecycle]?["rules"]?.array ?? []
        guard !rules.isEmpty else { throw S3Error(.noSuchLifecycle, "the bucket has no lifecycle rules") }
        return xml { xml in
            xml.element("LifecycleConfiguration", namespace: XMLWriter.s3Namespace) { xml in
                for rule in rules {
                    xml.element("Rule") { xml in
                        xml.text("ID", rule["id"]?.string ?? "")
                        xml.text("Status", rule["enabled"]?.boolean == true ? "Enabled" : "Disabled")
                        xml.element("Filter") {
                            $0.text("Prefix", rule["conditions"]?["prefix"]?.string ?? "")
                        }
                        Self.moment("Expiration", rule["deleteObjectsTransition"], &xml)
                        for transition in rule["storageClassTransitions"]?.array ?? [] {
                            Self.moment("Transition", transition, &xml) {
                                $0.text("StorageClass", "STANDARD_IA")
                            }
                        }
                        if let age = rule["abortMultipartUploadsTransition"]?["condition"]?["maxAge"]?.integer
                        {
                            xml.element("AbortIncompleteMultipartUpload") {
                                $0.text("DaysAfterInitiation", "\(age / 86_400)")
                            }
                        }
                    }
                }
            }
        }
    }

    private static func moment(
        _ name: String, _ transition: JSONValue?, _ xml: inout XMLWriter,
        _ more: (inout XMLWriter) -> Void = { _ in }
    ) {
        guard let condition = transition?["condition"] else { return }
        xml.element(name) { xml in
            if let age = condition["maxAge"]?.integer { xml.text("Days", "\(age / 86_400)") }
            if let date = condition["date"]?.string { xml.text("Date", date) }
            more(&xml)
        }
    }

    private static func cors(_ rule: XMLElement) throws(S3Error) -> JSONValue {
        func texts(_ name: String) -> JSONValue { .array(rule.children(name).map { .string($0.text) }) }
        var made: JSONObject = [
            "allowed": [
                "origins": texts("AllowedOrigin"), "methods": texts("AllowedMethod"),
                "headers": texts("AllowedHeader"),
            ],
            "exposeHeaders": texts("ExposeHeader"),
        ]
        if let id = rule["ID"] { made["id"] = .string(id) }
        if let text = rule["MaxAgeSeconds"] {
            guard let seconds = Int64(text) else {
                throw S3Error(.malformedXML, "MaxAgeSeconds is no number", ["value": text])
            }
            made["maxAgeSeconds"] = .integer(seconds)
        }
        return .object(made)
    }

    private static func lifecycle(_ rule: XMLElement, index: Int) throws(S3Error) -> JSONValue {
        let filter = rule.children.first { $0.name == "Filter" }
        let and = filter?.children.first { $0.name == "And" }
        let isNarrower = (filter?.children ?? []) + (and?.children ?? [])
        if let odd = isNarrower.first(where: { !["Prefix", "And"].contains($0.name) }) {
            throw S3Error(.notImplemented, "rules filter by prefix only", ["element": odd.name])
        }
        guard let status = rule["Status"], ["Enabled", "Disabled"].contains(status) else {
            throw S3Error(.malformedXML, "a rule's Status is Enabled or Disabled")
        }
        var made: JSONObject = [
            "id": .string(rule["ID"] ?? "rule-\(index + 1)"), "enabled": .boolean(status == "Enabled"),
            "conditions": ["prefix": .string(filter?["Prefix"] ?? and?["Prefix"] ?? rule["Prefix"] ?? "")],
        ]
        for child in rule.children {
            switch child.name {
            case "Expiration": made["deleteObjectsTransition"] = ["condition": try condition(child)]
            case "AbortIncompleteMultipartUpload":
                let days = child["DaysAfterInitiation"].flatMap { Int64($0) }
                guard let days, (0...36_500).contains(days) else {
                    throw S3Error(.malformedXML, "DaysAfterInitiation is no number")
                }
                made["abortMultipartUploadsTransition"] = [
                    "condition": ["type": "Age", "maxAge": .integer(days * 86_400)]
                ]
            case "Transition":
                let entry: JSONValue = [
                    "condition": try condition(child), "storageClass": "InfrequentAccess",
                ]
                made["storageClassTransitions"] = .array(
                    (made["storageClassTransitions"]?.array ?? []) + [entry])
            case "ID", "Status", "Filter", "Prefix": break
            default:
                throw S3Error(
                    .notImplemented, "this part of a rule is not implemented", ["element": child.name])
            }
        }
        return .object(made)
    }

    /// - Errors: `S3-101`.
    private static func checkIDs(_ rules: [JSONValue]) throws(S3Error) {
        let ids = rules.compactMap { $0["id"]?.string }
        guard Set(ids).count == ids.count else {
            throw S3Error(.invalidArgument, "two rules have one ID")
        }
        guard ids.allSatisfy({ $0.unicodeScalars.count <= 255 }) else {
            throw S3Error(.invalidArgument, "a rule's ID has at most 255 characters")
        }
    }

    private static func condition(_ element: XMLElement) throws(S3Error) -> JSONValue {
        if let date = element["Date"] {
            let whole = date.utf8.count == 10 ? date + "T00:00:00Z" : date
            guard let instant = Instant(rfc3339: whole) else {
                throw S3Error(.malformedXML, "a Date is no date", ["value": date])
            }
            guard instant.microseconds.isMultiple(of: 86_400_000_000) else {
                throw S3Error(.invalidArgument, "a Date is at midnight, in UTC", ["value": date])
            }
            return ["type": "Date", "date": .string(date)]
        }
        guard element["ExpiredObjectDeleteMarker"] == nil else {
            throw S3Error(.notImplemented, "objects have no versions, and buckets no delete markers")
        }
        guard let days = element["Days"].flatMap({ Int64($0) }) else {
            throw S3Error(.malformedXML, "a rule has Days or a Date", ["element": element.name])
        }
        // A transition may come at once.
        guard days >= (element.name == "Transition" ? 0 : 1), days <= 36_500 else {
            throw S3Error(
                .invalidArgument, "a rule has Days of at least 1", ["element": element.name, "days": days])
        }
        return ["type": "Age", "maxAge": .integer(days * 86_400)]
    }
}

extension XMLElement {
    func expecting(_ name: String) throws(S3Error) -> XMLElement {
        guard self.name == name else {
            throw S3Error(
                .malformedXML, "the body is another document", ["wanted": name, "found": self.name])
        }
        return self
    }
}
