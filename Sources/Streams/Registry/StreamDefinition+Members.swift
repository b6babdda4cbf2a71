import JSONText

/// What a request to make or change a stream may say. Members of fields are the schema's to judge.
extension StreamDefinition {
    private static let changeable: [(name: String, value: KnownMembers)] = [
        ("schema", KnownMembers(["fields", "inferred"])),
        (
            "http",
            .members([
                ("enabled", .anything), ("authentication", .anything), ("cors", KnownMembers(["origins"])),
            ])
        ),
        ("worker_binding", KnownMembers(["enabled"])), ("acknowledge", .anything),
        ("limits", KnownMembers(StreamLimits.Name.allCases.map(\.rawValue))),
    ]
    /// The hosted service's formats have more than what is read here.
    private static let format = KnownMembers([
        "type", "unstructured", "timestamp_format", "decimal_encoding", "compression", "row_group_bytes",
    ])
    private static let creatable: [(name: String, value: KnownMembers)] = [
        ("name", .anything), ("format", format), ("unknown_fields", .anything),
    ]

    /// - Errors: `STR-104` with the path of the first member that is not known.
    static func requireKnownMembers(creating body: JSONValue) throws(StreamsError) {
        try require(.members(creatable + changeable), body)
    }

    /// Those that only a new stream takes are refused by name elsewhere.
    ///
    /// - Errors: `STR-104` with the path of the first member that is not known.
    static func requireKnownMembers(changing body: JSONValue) throws(StreamsError) {
        var members = changeable
        members += creatable.map { ($0.name, .anything) }
        try require(.members(members), body)
    }

    private static func require(_ known: KnownMembers, _ body: JSONValue) throws(StreamsError) {
        guard let stranger = known.stranger(in: body) else { return }
        throw StreamsError(
            .invalidDefinition, "the request has a member nobody knows", ["path": stranger.path],
            hint: "members there are " + stranger.known.joined(separator: ", "))
    }
}
