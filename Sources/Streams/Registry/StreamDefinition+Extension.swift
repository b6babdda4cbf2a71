import FileFormats

/// Schemas that grow: what was accepted before still fits, and is null, or has the default, where it lacks what is new.
extension StreamDefinition {
    /// The new schema, which has every field of the present one as it is, in any order, and others that are optional or have
    /// a default; so in structs, wherever they stand. The present ones keep their places: columns of a table do not move.
    ///
    /// - Errors: `STR-104` with the path of the field that is missing, changed or required.
    func extendedSchema(_ new: StreamSchema) throws(StreamsError) -> StreamSchema {
        guard case .fields(let old) = schema, case .fields(let given) = new else {
            throw Self.invalid("$.schema", "a stream without a schema gets none, and none loses it")
        }
        return .fields(try Self.extended(old, given, "$.schema.fields"))
    }

    private static func extended(
        _ old: [StreamField], _ given: [StreamField], _ path: String
    ) throws(StreamsError) -> [StreamField] {
        var fields: [StreamField] = []
        for field in old {
            guard let index = given.firstIndex(where: { $0.name == field.name }) else {
                throw refused("a field of the stream is missing", path, field.name)
            }
            fields.append(try extended(field, given[index], "\(path)[\(index)]"))
        }
        for (index, field) in given.enumerated() where !old.contains(where: { $0.name == field.name }) {
            guard !field.isRequired || field.defaultValue != nil else {
                throw refused(
                    "a new field is required, which events before it do not have", "\(path)[\(index)]",
                    field.name)
            }
            fields.append(field)
        }
        return fields
    }

    private static func extended(
        _ old: StreamField, _ given: StreamField, _ path: String
    ) throws(StreamsError) -> StreamField {
        if old == given { return old }
        var extended = old
        switch (old.type, given.type) {
        case (.structure(let fields), .structure(let more)):
            extended.type = .structure(try self.extended(fields, more, path + ".fields"))
        case (.list(let items), .list(let more)):
            extended.type = .list(try self.extended(items, more, path + ".items"))
        case (.map(let key, let value), .map(let sameKey, let more)) where key == sameKey:
            extended.type = .map(key: key, value: try self.extended(value, more, path + ".value"))
        default: break
        }
        // All but what is inside is as it was.
        var same = given
        same.type = old.type
        guard same == old, extended != old || isReordered(old.type, given.type) else {
            throw refused("a field of the stream is another one", path, old.name)
        }
        return extended
    }

    /// Nothing is new inside, and the members come in another order.
    private static func isReordered(_ old: StreamType, _ given: StreamType) -> Bool {
        switch (old, given) {
        case (.structure, .structure), (.list, .list), (.map, .map): true
        default: false
        }
    }

    private static func refused(_ summary: String, _ path: String, _ name: String) -> StreamsError {
        StreamsError(
            .invalidDefinition, summary, ["path": path, "field": name],
            hint: "send all fields as they are, and new ones that are optional or have a default")
    }
}
