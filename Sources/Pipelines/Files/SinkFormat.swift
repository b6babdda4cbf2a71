package import FileFormats
package import JSONText

/// What a sink's files hold.
package enum SinkFormat: Sendable, Equatable {
    case parquet(ParquetForm)
    case json(JSONForm)

    package struct ParquetForm: Sendable, Equatable {
        package var compression = ParquetCompression.zstd
        /// What the rows of a row group take before they are encoded; nil for the writer's own bound, in rows.
        package var rowGroupBytes: Int?

        /// How data files are laid out.
        package var layout: ParquetWriteOptions {
            var layout = ParquetWriteOptions()
            layout.compression = compression
            if let rowGroupBytes {
                layout.rowGroupBytes = rowGroupBytes
                // Whoever asks for large groups shall get them.
                layout.rowGroupRows = Int(Int32.max)
            }
            return layout
        }
    }

    /// One object a line.
    package struct JSONForm: Sendable, Equatable {
        package enum Compression: String, Sendable, CaseIterable { case uncompressed, gzip, zstd }

        package var compression = Compression.uncompressed
        package var forms = JSONForms()
        /// The one column, which is JSON, is the line.
        package var isUnstructured = false

        var codec: Codec? {
            switch compression {
            case .uncompressed: nil
            case .gzip: .gzip
            case .zstd: .zstd
            }
        }
    }

    /// - Errors: `PIP-105` with the JSON path.
    package init(json: JSONValue) throws(PipelinesError) {
        guard json.isNull || json.object != nil else {
            throw Self.refused("a sink's format is an object", "$.format")
        }
        switch json["type"]?.string ?? (json["type"].map { $0.isNull } ?? true ? "parquet" : "") {
        case "parquet": self = .parquet(try Self.parquet(json))
        case "json": self = .json(try Self.json(json))
        default:
            throw Self.refused("files are Parquet or JSON", "$.format.type", hint: "use parquet or json")
        }
    }

    private static func parquet(_ json: JSONValue) throws(PipelinesError) -> ParquetForm {
        var form = ParquetForm()
        form.compression = try choice(json, "compression", ParquetCompression.zstd)
        let groupBytes = json["row_group_bytes"] ?? .null
        form.rowGroupBytes = groupBytes.integer.flatMap { Int(exactly: $0) }
        guard groupBytes.isNull || (form.rowGroupBytes.map { $0 >= 1 << 20 } ?? false) else {
            throw refused("row groups have at least 1 MiB", "$.format.row_group_bytes")
        }
        return form
    }

    private static func json(_ json: JSONValue) throws(PipelinesError) -> JSONForm {
        var form = JSONForm()
        form.compression = try choice(json, "compression", JSONForm.Compression.uncompressed)
        form.forms.timestamps = try choice(json, "timestamp_format", JSONForms.Timestamps.rfc3339)
        form.forms.decimals = try choice(json, "decimal_encoding", JSONForms.Decimals.string)
        let unstructured = json["unstructured"] ?? .null
        guard unstructured.isNull || unstructured.boolean != nil else {
            throw refused("it is true or false", "$.format.unstructured")
        }
        form.isUnstructured = unstructured.boolean ?? false
        return form
    }

    private static func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ json: JSONValue, _ name: String, _ standard: Choice
    ) throws(PipelinesError) -> Choice {
        guard let given = json[name], !given.isNull else { return standard }
        if let known = given.string.flatMap({ Choice(rawValue: $0) }) { return known }
        let what = name.replacing("_", with: " ")
        throw PipelinesError(
            .invalidDefinition, "no such \(what)",
            ["path": "$.format.\(name)", "given": String(given.string?.prefix(40) ?? given.kindName[...])],
            hint: "use one of " + Choice.allCases.map(\.rawValue).joined(separator: ", "))
    }

    private static func refused(_ summary: String, _ path: String, hint: String? = nil) -> PipelinesError {
        PipelinesError(.invalidDefinition, summary, ["path": path], hint: hint)
    }

    /// With its dot.
    var suffix: String {
        switch self {
        case .parquet: ".parquet"
        case .json(let form):
            switch form.compression {
            case .uncompressed: ".json"
            case .gzip: ".json.gz"
            case .zstd: ".json.zst"
            }
        }
    }

    package var json: JSONValue {
        switch self {
        case .parquet(let form):
            var object: JSONObject = ["type": "parquet", "compression": .string(form.compression.rawValue)]
            if let bytes = form.rowGroupBytes { object["row_group_bytes"] = JSONValue(bytes) }
            return .object(object)
        case .json(let form):
            return [
                "type": "json", "compression": .string(form.compression.rawValue),
                "timestamp_format": .string(form.forms.timestamps.rawValue),
                "decimal_encoding": .string(form.forms.decimals.rawValue),
                "unstructured": .boolean(form.isUnstructured),
            ]
        }
    }
}
