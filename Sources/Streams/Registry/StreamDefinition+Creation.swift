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
