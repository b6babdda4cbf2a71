import FileFormats

/// Schemas that grow: what was accepted before still fits, and is null where it lacks what is new.
extension StreamDefinition {
    /// The new schema, which has every field of the present one as it is, in any order, and others that are optional. The
    /// present ones keep their places: columns of a table do not move.
    ///
    /// - Errors: `STR-104` with the path of the field that is missing, changed or required.
    func extendedSchema(_ new: StreamSchema) throws(StreamsError) -> StreamSchema {
        guard case .fields(let old) = schema, case .fields(let given) = new else {
            throw Self.invalid("$.schema", "a stream without a schema gets none, and none loses it")
        }
        for field in old {
            guard let kept = given.first(where: { $0.name == field.name }) else {
                throw Self.refused("a field of the stream is missing", field.name)
            }
            guard kept == field else {
                throw Self.refused("a field of the stream is another one", field.name)
            }
        }
        let added = given.filter { field in !old.contains { $0.name == field.name } }
        if let required = added.first(where: \.isRequired) {
            throw Self.refused("a new field is required, which events before it do not have", required.name)
        }
        return .fields(old + added)
    }

    private static func refused(_ summary: String, _ name: String) -> StreamsError {
        StreamsError(
            .invalidDefinition, summary, ["path": "$.schema.fields", "field": name],
            hint: "send all fields as they are, and new ones that are optional")
    }
}
