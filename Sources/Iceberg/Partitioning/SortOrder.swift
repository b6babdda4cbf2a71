package import JSONText

/// How rows lie inside a data file.
package struct SortOrder: Sendable, Hashable {
    /// Zero always means unsorted.
    package var orderID: Int
    package var fields: [SortField]

    package init(orderID: Int, fields: [SortField]) {
        self.orderID = orderID
        self.fields = fields
    }

    package static let unsorted = SortOrder(orderID: 0, fields: [])
    package var isUnsorted: Bool { fields.isEmpty }
}

package struct SortField: Sendable, Hashable {
    package var sourceID: Int
    package var transform: Transform
    package var isDescending: Bool
    package var nullsFirst: Bool
    package var extras = JSONObject()

    package init(
        sourceID: Int, transform: Transform = .identity, isDescending: Bool = false, nullsFirst: Bool = true
    ) {
        self.sourceID = sourceID
        self.transform = transform
        self.isDescending = isDescending
        self.nullsFirst = nullsFirst
    }
}

extension SortOrder {
    /// `{"order-id": 1, "fields": [{"transform": "identity", "source-id": 2, "direction": "asc", …}]}`
    package init(json: JSONValue) throws(IcebergError) {
        let members = try JSONMembers(json, of: "sort order")
        let fields = try members.array("fields").mapped { (field) throws(IcebergError) in
            try SortField(json: field)
        }
        self.init(
            orderID: try members.optionalInteger("order-id") ?? (fields.isEmpty ? 0 : 1), fields: fields)
    }

    package var json: JSONValue {
        ["order-id": JSONValue(orderID), "fields": .array(fields.map(\.json))]
    }
}

extension SortField {
    package init(json: JSONValue) throws(IcebergError) {
        let members = try JSONMembers(json, of: "sort field")
        var sourceID = try members.optionalInteger("source-id")
        if sourceID == nil { sourceID = try members.optionalIntegers("source-ids")?.first }
        guard let sourceID else {
            throw IcebergError(.malformed, "a sort field needs a source-id", ["found": json.description])
        }
        let direction = try members.string("direction")
        let nullOrder = try members.string("null-order")
        guard ["asc", "desc"].contains(direction), ["nulls-first", "nulls-last"].contains(nullOrder) else {
            throw IcebergError(
                .malformed, "a sort field has a direction or null order nobody knows",
                ["direction": direction, "null-order": nullOrder])
        }
        self.init(
            sourceID: sourceID, transform: Transform(try members.string("transform")),
            isDescending: direction == "desc", nullsFirst: nullOrder == "nulls-first")
        extras = members.rest(beyond: ["source-id", "transform", "direction", "null-order"])
    }

    package var json: JSONValue {
        var object = JSONObject()
        object["transform"] = .string(transform.description)
        if extras["source-ids"] == nil { object["source-id"] = JSONValue(sourceID) }
        object["direction"] = isDescending ? "desc" : "asc"
        object["null-order"] = nullsFirst ? "nulls-first" : "nulls-last"
        object.merge(extras)
        return .object(object)
    }
}
