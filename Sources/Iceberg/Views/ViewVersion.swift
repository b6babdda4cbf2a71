package import JSONText

/// One definition of a view: the same query in one or more SQL dialects, as it was at one time.
///
/// Source: Iceberg view specification, version 1.
package struct ViewVersion: Sendable, Hashable {
    package var versionID: Int
    package var timestampMilliseconds: Int64
    package var schemaID: Int
    package var summary: [String: String]
    package var representations: [ViewRepresentation]
    package var defaultCatalog: String?
    package var defaultNamespace: Namespace
    /// Members Firn does not know.
    package var extras: JSONObject

    /// - Errors: `ICE-101` for a wrong form, `ICE-109` when two representations have one dialect or there is none.
    package init(json: JSONValue) throws(IcebergError) {
        let members = try JSONMembers(json, of: "view version")
        versionID = try members.integer("version-id")
        timestampMilliseconds = try members.long("timestamp-ms")
        schemaID = try members.integer("schema-id")
        summary = try members.stringMap("summary")
        representations = try members.array("representations").mapped { (json) throws(IcebergError) in
            try ViewRepresentation(json: json)
        }
        defaultCatalog = try members.optionalString("default-catalog")
        defaultNamespace = Namespace(try members.strings("default-namespace"))
        extras = members.rest(beyond: [
            "version-id", "timestamp-ms", "schema-id", "summary", "representations", "default-catalog",
            "default-namespace",
        ])
        if representations.isEmpty {
            throw IcebergError(
                .invalidView, "a view version needs a representation", ["version-id": versionID])
        }
        guard dialects.count == representations.compactMap(\.dialect).count else {
            throw IcebergError(
                .invalidView, "a view version has two queries in one dialect", ["version-id": versionID])
        }
    }

    package init(
        schemaID: Int, summary: [String: String], representations: [ViewRepresentation],
        defaultNamespace: Namespace, at milliseconds: Int64
    ) {
        versionID = 1
        timestampMilliseconds = milliseconds
        self.schemaID = schemaID
        self.summary = summary
        self.representations = representations
        self.defaultNamespace = defaultNamespace
        extras = JSONObject()
    }

    package var json: JSONValue {
        var object: JSONObject = [
            "version-id": JSONValue(versionID), "timestamp-ms": JSONValue(timestampMilliseconds),
            "schema-id": JSONValue(schemaID), "summary": .object(JSONObject(sortedStrings: summary)),
            "representations": .array(representations.map(\.json)),
        ]
        object["default-catalog"] = defaultCatalog.map { .string($0) }
        object["default-namespace"] = JSONValue(defaultNamespace.levels)
        object.merge(extras)
        return .object(object)
    }

    /// In lower case: names of dialects are compared without it.
    var dialects: Set<String> { Set(representations.compactMap(\.dialect)) }

    /// Whether the two say the same, whatever their ids and times.
    func hasSameMeaning(as other: ViewVersion) -> Bool {
        var same = other
        same.versionID = versionID
        same.timestampMilliseconds = timestampMilliseconds
        return self == same
    }
}

/// One form of a view's query; forms other than SQL are carried as they came.
package struct ViewRepresentation: Sendable, Hashable {
    package let json: JSONValue

    /// - Errors: `ICE-101` when it has no type, or is SQL without text or dialect.
    package init(json: JSONValue) throws(IcebergError) {
        let members = try JSONMembers(json, of: "view representation")
        if try members.string("type") == "sql" {
            _ = try members.string("sql")
            _ = try members.string("dialect")
        }
        self.json = json
    }

    package init(sql: String, dialect: String) {
        json = ["type": "sql", "sql": .string(sql), "dialect": .string(dialect)]
    }

    package var sql: String? { isSQL ? json["sql"]?.string : nil }
    /// In lower case.
    package var dialect: String? { isSQL ? json["dialect"]?.string?.lowercased() : nil }
    private var isSQL: Bool { json["type"]?.string == "sql" }
}
