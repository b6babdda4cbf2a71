import Catalogs
import Iceberg
import JSONText

/// `{"namespace": ["web", "raw"], "properties": {"owner": "ann"}}`
struct NamespaceAnswer {
    let info: NamespaceInfo

    init(_ info: NamespaceInfo) { self.info = info }

    var json: JSONValue {
        ["namespace": JSONValue(info.namespace.levels), "properties": JSONValue(properties: info.properties)]
    }
}
