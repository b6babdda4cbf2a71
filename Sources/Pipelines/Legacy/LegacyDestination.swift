import JSONText
import Streams

/// Where a pipeline of the older kind writes, and when it ends a file.
struct LegacyDestination: Sendable, Equatable {
    let bucket: String
    let prefix: String
    /// `strftime`'s letters.
    let timePattern: String
    let naming: JSONValue
    /// `none` or `gzip`.
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

    init(_ json: JSONValue) throws(PipelinesError) {
        try Self.require(json, "type", "r2")
        try Self.require(json, "format", "json")
        let path = json["path"] ?? .null
        guard let bucket = path["bucket"]?.string, !bucket.isEmpty else {
            throw LegacyPipeline.refused("$.destination.path.bucket", "a destination needs a bucket")
        }
        self.bucket = bucket
        compression = try Self.compression(json["compression"]?["type"] ?? .null)
        prefix = try Self.text(path, "prefix") ?? ""
        timePattern = try LegacyTemplate.timePattern(
            try Self.text(path, "filepath") ?? LegacyTemplate.standardFilePath)
        naming = try LegacyTemplate.naming(
            try Self.text(path, "filename") ?? LegacyTemplate.standardFileName,
            extension: Self.fileExtension(compression))
        let batch = json["batch"] ?? .null
        maximumBytes = Int(try Self.number(batch, "max_bytes", in: 1_000...100_000_000) ?? 100_000_000)
        maximumSeconds = Int(try Self.number(batch, "max_duration_s", in: 0.25...300)?.rounded(.up) ?? 300)
        maximumRows = Int(try Self.number(batch, "max_rows", in: 1...10_000_000) ?? 100_000)
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

    private static func number(
        _ batch: JSONValue, _ member: String, in range: ClosedRange<Double>
    ) throws(PipelinesError) -> Double? {
        guard let given = batch[member], !given.isNull else { return nil }
        guard let number = given.double, range.contains(number) else {
            throw LegacyPipeline.refused(
                "$.destination.batch.\(member)",
                "the number lies outside \(JSONValue(range.lowerBound)) to \(JSONValue(range.upperBound))")
        }
        return number
    }

    /// With its dot.
    private static func fileExtension(_ compression: String) -> String {
        compression == "gzip" ? ".json.gz" : ".json"
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
            "type": "json", "compression": compression == "gzip" ? "gzip" : "uncompressed",
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
