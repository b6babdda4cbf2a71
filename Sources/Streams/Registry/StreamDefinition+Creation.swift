import Columnar
import Effects
import FileFormats
import JSONText

/// What only new streams are asked: those that are there stay as they are.
extension StreamDefinition {
    /// Whoever reads a body that means a schema and has none must not get a stream that takes anything.
    ///
    /// - Errors: `STR-104` with the path.
    static func requireSchema(in body: JSONValue) throws(StreamsError) {
        let format = body["format"] ?? .null
        guard format.isNull || format.object != nil else {
            throw invalid("$.format", "a format is an object")
        }
        let unstructured = format["unstructured"] ?? .null
        guard unstructured.isNull || unstructured.boolean != nil else {
            throw invalid("$.format.unstructured", "unstructured is true or false")
        }
        let schema = body["schema"] ?? .null
        let hasFields = schema["fields"].map { !$0.isNull } ?? false
        guard hasFields || schema.isNull && unstructured.boolean != false else {
            throw StreamsError(
                .invalidDefinition, "a schema is an object with fields", ["path": "$.schema.fields"],
                hint:
                    #"write {"fields":[{"name":"id","type":"int64"}]}, or leave the schema out and events are "#
                    + "one JSON column")
        }
    }

    /// A stream is found by its id or its name: a name that reads as an id would be another stream's.
    ///
    /// - Errors: `STR-103`.
    func requireNoID() throws(StreamsError) {
        guard UniqueID(name) == nil else {
            throw StreamsError(.invalidName, "a stream's name must not read as an id", ["name": name])
        }
    }

    /// Compared letter by letter with what browsers send, an origin in another form would never let a page in.
    ///
    /// Source: RFC 6454 section 6.2, "ASCII serialization of an origin".
    ///
    /// - Errors: `STR-104` with the origin's path.
    func requireOrigins() throws(StreamsError) {
        for (index, origin) in http.corsOrigins.enumerated() where origin != "*" && !Self.isOrigin(origin) {
            throw StreamsError(
                .invalidDefinition, "this is no origin",
                ["path": "$.http.cors.origins[\(index)]", "origin": String(origin.prefix(100))],
                hint:
                    "write it as browsers do: https://app.example or http://localhost:5173, in small letters and "
                    + "without a path; or * for all")
        }
    }

    private static func isOrigin(_ text: String) -> Bool {
        // Those of extensions have schemes of their own.
        text.wholeMatch(of: /[a-z][a-z0-9+.\-]*:\/\/(\[[0-9a-f:.]+\]|[a-z0-9._\-]+)(:[0-9]{1,5})?/) != nil
    }

    /// Fields become columns.
    ///
    /// - Errors: `STR-104` with the field's path.
    func requireColumnNames() throws(StreamsError) {
        guard case .fields(let fields) = schema else { return }
        try Self.require(fields, "$.schema.fields")
    }

    private static func require(_ fields: [StreamField], _ path: String) throws(StreamsError) {
        for (index, field) in fields.enumerated() {
            let place = "\(path)[\(index)]"
            if let fault = ColumnName.fault(in: field.name) {
                throw StreamsError(
                    .invalidDefinition, "a field becomes a column: its name \(fault)",
                    ["path": place + ".name"])
            }
            try require(field.type, place)
        }
    }

    private static func require(_ type: StreamType, _ path: String) throws(StreamsError) {
        switch type {
        case .structure(let fields): try require(fields, path + ".fields")
        case .list(let item): try require(item.type, path + ".items")
        case .map(_, let value): try require(value.type, path + ".value")
        default: break
        }
    }
}
