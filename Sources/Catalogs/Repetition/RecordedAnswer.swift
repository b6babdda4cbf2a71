package import Iceberg
package import JSONText

/// What is kept of an answer so that it can be given again.
///
/// Not the answer itself: metadata is large and lies in its file, and keys for storage are secrets that are made anew.
/// Only a staged table has no file; its metadata is what its creator sent, without snapshots.
///
///     {"kind": "table", "namespace": ["web"], "name": "clicks", "metadata-location": "s3://…"}
package enum RecordedAnswer: Sendable, Hashable {
    /// Success without a body.
    case nothing
    case table(TableIdentifier, metadataLocation: String)
    case staged(TableIdentifier, JSONValue)
    case view(TableIdentifier, metadataLocation: String)
    case namespace(NamespaceInfo)
    case properties(NamespacePropertyChanges)
    /// The same question has the same answer, whose snapshots never change.
    case plan(id: String, PlanQuery)
    /// An error that would be the same again, as the caller words it.
    case refusal(status: Int, JSONValue)

    var json: JSONValue {
        switch self {
        case .nothing: ["kind": "nothing"]
        case .table(let name, let location): Self.json("table", name, location)
        case .staged(let name, let metadata):
            [
                "kind": "staged", "namespace": JSONValue(name.namespace.levels), "name": .string(name.name),
                "metadata": metadata,
            ]
        case .view(let name, let location): Self.json("view", name, location)
        case .namespace(let info):
            [
                "kind": "namespace", "namespace": JSONValue(info.namespace.levels),
                "properties": .object(Self.object(info.properties)),
            ]
        case .properties(let changes):
            [
                "kind": "properties", "updated": JSONValue(changes.updated),
                "removed": JSONValue(changes.removed), "missing": JSONValue(changes.missing),
            ]
        case .plan(let id, let query): ["kind": "plan", "plan-id": .string(id), "query": query.json]
        case .refusal(let status, let body):
            ["kind": "refusal", "status": JSONValue(status), "body": body]
        }
    }

    private static func object(_ properties: [String: String]) -> JSONObject {
        var object = JSONObject()
        for (name, value) in properties.sorted(by: { $0.key < $1.key }) { object[name] = .string(value) }
        return object
    }

    private static func json(_ kind: String, _ name: TableIdentifier, _ location: String) -> JSONValue {
        [
            "kind": .string(kind), "namespace": JSONValue(name.namespace.levels), "name": .string(name.name),
            "metadata-location": .string(location),
        ]
    }

    /// Nil for what this version did not write.
    init?(json: JSONValue) {
        func texts(_ name: String) -> [String]? { json[name]?.array?.compactMap(\.string) }
        func table() -> TableIdentifier? {
            guard let levels = texts("namespace"), let name = json["name"]?.string else { return nil }
            return TableIdentifier(namespace: Namespace(levels), name: name)
        }
        func place() -> (TableIdentifier, String)? {
            guard let name = table(), let location = json["metadata-location"]?.string else { return nil }
            return (name, location)
        }
        switch json["kind"]?.string {
        case "nothing": self = .nothing
        case "table":
            guard let (name, location) = place() else { return nil }
            self = .table(name, metadataLocation: location)
        case "staged":
            guard let name = table(), let metadata = json["metadata"] else { return nil }
            self = .staged(name, metadata)
        case "view":
            guard let (name, location) = place() else { return nil }
            self = .view(name, metadataLocation: location)
        case "namespace":
            guard let levels = texts("namespace"), let members = json["properties"]?.object?.members else {
                return nil
            }
            var properties: [String: String] = [:]
            for member in members { properties[member.name] = member.value.string }
            self = .namespace(NamespaceInfo(namespace: Namespace(levels), properties: properties))
        case "properties":
            guard let updated = texts("updated"), let removed = texts("removed"),
                let missing = texts("missing")
            else { return nil }
            self = .properties(
                NamespacePropertyChanges(updated: updated, removed: removed, missing: missing))
        case "plan":
            guard let id = json["plan-id"]?.string, let query = json["query"].flatMap({ PlanQuery(json: $0) })
            else { return nil }
            self = .plan(id: id, query)
        case "refusal":
            guard let status = json["status"]?.integer, let body = json["body"] else { return nil }
            self = .refusal(status: Int(status), body)
        default: return nil
        }
    }
}
