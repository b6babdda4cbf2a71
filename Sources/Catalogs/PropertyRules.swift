/// How many properties something may carry, and how long they may be.
struct PropertyRules {
    let limits: CatalogLimits

    func check(_ properties: [String: String]) throws(CatalogError) {
        guard properties.count <= limits.properties else {
            throw CatalogError(
                .limitExceeded, "there are too many properties",
                ["count": properties.count, "most": limits.properties])
        }
        for (name, value) in properties {
            guard !name.isEmpty, name.utf8.count <= limits.propertyNameBytes,
                value.utf8.count <= limits.propertyValueBytes
            else {
                throw CatalogError(
                    .limitExceeded, "a property's name or value is too long",
                    [
                        "name": name.prefix(100), "longest-name": limits.propertyNameBytes,
                        "longest-value": limits.propertyValueBytes,
                    ])
            }
        }
    }
}
