import Iceberg
package import JSONText
package import Tables

/// What a client asked to have planned. Names are resolved, so a later change of the table does not touch it.
package struct PlanQuery: Sendable, Hashable {
    /// Nil for a table without snapshots: nothing to read.
    package var range: SnapshotRange?
    package var schemaID: Int
    /// As the client wrote it; nil for all rows.
    package var filter: JSONValue?
    package var isCaseSensitive: Bool
    /// Ids of the columns whose counts and bounds the client wants.
    package var statsFields: [Int]
    /// So many rows are enough.
    package var rowsWanted: Int64?

    package init(
        range: SnapshotRange?, schemaID: Int, filter: JSONValue? = nil, isCaseSensitive: Bool = true,
        statsFields: [Int] = [], rowsWanted: Int64? = nil
    ) {
        self.range = range
        self.schemaID = schemaID
        self.filter = filter
        self.isCaseSensitive = isCaseSensitive
        self.statsFields = statsFields
        self.rowsWanted = rowsWanted
    }

    /// - Errors: `ICE-201`, `ICE-101`, `ICE-111`.
    func bind(to metadata: TableMetadata) throws(IcebergError) -> (schema: IcebergSchema, filter: ScanFilter)
    {
        guard let schema = metadata.schema(withID: schemaID) else {
            throw IcebergError(.unknownSchema, "the table has no such schema", ["schema-id": schemaID])
        }
        guard let filter else { return (schema, .always) }
        let names = FieldNames(schema, caseSensitive: isCaseSensitive)
        return (schema, try ScanFilter(json: filter, names: names))
    }
}

extension PlanQuery {
    /// As plan tasks carry it.
    var json: JSONValue {
        var object: JSONObject = ["schema": JSONValue(schemaID), "case": .boolean(isCaseSensitive)]
        switch range {
        case nil: break
        case .snapshot(let id): object["snapshot"] = id.map { JSONValue($0) }
        case .appended(let after, let upTo):
            object["after"] = JSONValue(after)
            object["snapshot"] = JSONValue(upTo)
        }
        object["filter"] = filter
        if !statsFields.isEmpty { object["stats"] = .array(statsFields.map { JSONValue($0) }) }
        object["rows"] = rowsWanted.map { JSONValue($0) }
        return .object(object)
    }

    /// Nil for what `json` did not write.
    init?(json: JSONValue) {
        guard let schema = json["schema"]?.integer, let isCaseSensitive = json["case"]?.boolean else {
            return nil
        }
        let range: SnapshotRange? =
            switch (json["after"]?.integer, json["snapshot"]?.integer) {
            case (let after?, let upTo?): .appended(after: after, upTo: upTo)
            case (nil, let id?): .snapshot(id)
            default: nil
            }
        self.init(
            range: range, schemaID: Int(schema), filter: json["filter"], isCaseSensitive: isCaseSensitive,
            statsFields: json["stats"]?.array?.compactMap { $0.integer.map { Int($0) } } ?? [],
            rowsWanted: json["rows"]?.integer)
    }
}
