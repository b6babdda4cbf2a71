import JSONText
import Streams

/// Where a pipeline of the older kind writes, and when it ends a file.
struct LegacyDestination: Sendable, Equatable {
    let bucket: String
    let prefix: String
    /// `strftime`'s letters.
    let timePattern: String
    let naming: JSONValue
    /// `none` or `gzip`; what else its sink was given.
    let compression: String
    let maximumBytes: Int
    let maximumSeconds: Int
    let maximumRows: Int

    static let known: KnownMembers = .members([
        ("type", .anything), ("format", .anything),
        ("batch", KnownMembers(["max_bytes", "max_duration_s", "max_rows"])),
        ("compression", KnownMembers(["type"])),
        ("path", KnownMembers(["bucket", "prefix", "filepath", "filename"])),
        // Firn writes as itself: they are taken and dropped.
        ("credentials", KnownMembers(["endpoint", "access_key_id", "secret_access_key"])),
    ])

    /// Members that `current` shows as they are given stay what they are, also where a client could not have made them so.
    ///
    /// - Errors: `PIP-105` with the JSON path; `PIP-108` for a compression that files are not written in.
    init(_ json: JSONValue, over current: SinkDefinition? = nil) throws(PipelinesError) {
        let shown = current.flatMap { Self.json(of: $0) } ?? .null
        let place: FilePlace? = if case .files(let place) = current?.target { place } else { nil }
        try Self.require(json, "type", "r2")
        try Self.require(json, "format", "json")
        for member in ["path", "batch", "compression", "credentials"] {
            try LegacyPipeline.requireObject(json, member, at: "$.destination")
        }
        let path = json["path"] ?? .null
        guard let bucket = path["bucket"]?.string, !bucket.isEmpty else {
            throw LegacyPipeline.refused("$.destination.path.bucket", "a destination needs a bucket")
        }
        self.bucket = bucket
        let compression = json["compression"]?["type"] ?? .null
        if let known = compression.string, compression == shown["compression"]?["type"] {
            self.compression = known
        } else {
            self.compression = try Self.compression(compression)
        }
        prefix = try Self.text(path, "prefix") ?? ""
        let filePath = try Self.text(path, "filepath") ?? LegacyTemplate.standardFilePath
        if let place, LegacyTemplate.filePath(place.pattern.text) == filePath {
            timePattern = place.pattern.text
        } else {
            timePattern = try LegacyTemplate.timePattern(filePath)
        }
        let fileName = try Self.text(path, "filename") ?? LegacyTemplate.standardFileName
        if let place, LegacyTemplate.fileName(place.naming) == fileName {
            naming = place.naming.json
        } else {
            naming = try LegacyTemplate.naming(fileName, extension: Self.fileExtension(self.compression))
        }
        let batch = Batch(json["batch"] ?? .null, shown: shown["batch"] ?? .null)
        maximumBytes = try batch.whole("max_bytes", in: 1_000...100_000_000) ?? 100_000_000
        maximumSeconds = Int(try batch.number("max_duration_s", in: 0.25...300)?.rounded(.up) ?? 300)
        maximumRows = try batch.whole("max_rows", in: 1...10_000_000) ?? 100_000
    }

    /// When a file ends, as a client says it.
    private struct Batch {
        let given: JSONValue
        let shown: JSONValue

        init(_ given: JSONValue, shown: JSONValue) {
            self.given = given
            self.shown = shown
        }

        func whole(_ member: String, in range: ClosedRange<Double>) throws(PipelinesError) -> Int? {
            guard let number = try number(member, in: range) else { return nil }
            guard let whole = Int(exactly: number) else {
                throw LegacyPipeline.refused("$.destination.batch.\(member)", "it is a whole number")
            }
            return whole
        }

        func number(_ member: String, in range: ClosedRange<Double>) throws(PipelinesError) -> Double? {
            guard let value = given[member], !value.isNull else { return nil }
            guard let number = value.double, range.contains(number) || value == shown[member] else {
                throw LegacyPipeline.refused(
                    "$.destination.batch.\(member)",
                    "the number lies outside \(JSONValue(range.lowerBound)) to \(JSONValue(range.upperBound))"
                )
            }
            return number
        }
    }

    private static func require(
        _ json: JSONValue, _ member: String, _ only: String
    ) throws(PipelinesError) {
        guard json[member]?.string != only else { return }
        throw LegacyPipeline.refused("$.destination.\(member)", "a destination's \(member) is \(only)")
    }

    private static func compression(_ json: JSONValue) throws(PipelinesError) -> String {
        switch json.string ?? (json.isNull ? "gzip" : "") {
        case let known where ["none", "gzip"].contains(known): return known
        case "deflate":
            throw PipelinesError(
                .unsupportedSink, "files are not deflated here", ["path": "$.destination.compression.type"],
                hint: "use gzip or none")
        default:
            throw LegacyPipeline.refused("$.destination.compression.type", "it is one of none, gzip")
        }
    }

    private static func text(_ path: JSONValue, _ member: String) throws(PipelinesError) -> String? {
        guard let given = path[member], !given.isNull else { return nil }
        guard let text = given.string else {
            throw LegacyPipeline.refused("$.destination.path.\(member)", "it is a text")
        }
        return text
    }

    /// With its dot.
    private static func fileExtension(_ compression: String) -> String {
        switch compression {
        case "gzip": ".json.gz"
        case "zstd": ".json.zst"
        default: ".json"
        }
    }

    /// The sink's `rolling_policy`. A batch's size is a rough one: a sink's begins at a mebibyte.
    private var rollingPolicy: JSONValue {
        [
            "interval_seconds": JSONValue(maximumSeconds),
            "file_size_bytes": JSONValue(max(maximumBytes, 1 << 20)),
            "file_rows": JSONValue(maximumRows),
        ]
    }

    private var format: JSONValue {
        [
            "type": "json", "compression": .string(compression == "none" ? "uncompressed" : compression),
            "unstructured": true,
        ]
    }

    func sinkBody(named name: String) -> JSONValue {
        [
            "name": .string(name), "type": "r2",
            "config": [
                "bucket": .string(bucket), "path": .string(prefix),
                "partitioning": ["time_pattern": .string(timePattern)], "file_naming": naming,
                "rolling_policy": rollingPolicy,
            ],
            "format": format,
        ]
    }

    /// What of it a sink takes in place.
    var sinkChange: JSONValue {
        [
            "config": [
                "rolling_policy": rollingPolicy, "partitioning": ["time_pattern": .string(timePattern)],
            ],
            "format": format,
        ]
    }

    /// `destination` as a client reads it; nil for a sink that another kind of pipeline writes to.
    static func json(of sink: SinkDefinition) -> JSONValue? {
        guard case .files(let place) = sink.target, case .json(let form) = sink.format else { return nil }
        let compression = form.compression == .uncompressed ? "none" : form.compression.rawValue
        let policy = sink.rollingPolicy
        return [
            "type": "r2", "format": "json",
            "batch": [
                "max_bytes": JSONValue(policy.fileSizeBytes ?? RollingPolicy.maximumBytes),
                "max_duration_s": JSONValue(policy.intervalSeconds),
                "max_rows": JSONValue(policy.fileRows ?? 10_000_000),
            ],
            "compression": ["type": .string(compression)],
            "path": [
                "bucket": .string(sink.bucket), "prefix": .string(place.path),
                "filepath": .string(LegacyTemplate.filePath(place.pattern.text)),
                "filename": .string(LegacyTemplate.fileName(place.naming)),
            ],
        ]
    }
}
