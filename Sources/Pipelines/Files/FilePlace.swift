import Blobs
package import JSONText

/// Where a sink's files lie in its bucket, and what they are called.
///
///     analytics/events/year=2026/month=01/day=31/clicks-0198c1f2-….parquet
package struct FilePlace: Sendable, Equatable {
    /// Without slashes at its ends; empty for the bucket's root.
    package let path: String
    package let pattern: TimePattern
    package let naming: FileNaming

    private static let pathBytes = 512

    /// - Errors: `PIP-105` with the JSON path.
    package init(config: JSONValue) throws(PipelinesError) {
        path = try Self.path(config["path"] ?? .null)
        let partitioning = config["partitioning"] ?? .null
        guard partitioning.isNull || partitioning.object != nil else {
            throw invalid("partitioning", "a partitioning is an object")
        }
        let given = partitioning["time_pattern"] ?? .null
        guard given.isNull || given.string != nil else {
            throw invalid("partitioning.time_pattern", "the pattern is a text")
        }
        pattern = try TimePattern(given.string ?? TimePattern.standard)
        naming = try FileNaming(json: config["file_naming"] ?? .null)
    }

    private static func path(_ json: JSONValue) throws(PipelinesError) -> String {
        if json.isNull { return "" }
        guard let text = json.string, text.utf8.count <= pathBytes else {
            throw invalid("path", "a path is a text of at most \(pathBytes) bytes")
        }
        // People write folders with a slash at either end.
        var path = text[...]
        if path.hasPrefix("/") { path.removeFirst() }
        if path.hasSuffix("/") { path.removeLast() }
        try KeyPath.check(String(path), "path")
        return String(path)
    }

    /// What all keys of the sink begin with.
    package var keyPrefix: String { path.isEmpty ? "" : path + "/" }

    /// Refuses a place some of whose files would have no possible key: their pipeline could never go on. Not asked of sinks
    /// that exist: those must be readable.
    ///
    /// - Errors: `PIP-105`.
    func checkKeys(suffix: String) throws(PipelinesError) {
        let longest = key(
            folder: pattern.folder(at: TimePattern.latest),
            fileName: naming.fileName(naming.longestName, suffix: suffix))
        guard longest.utf8.count > ObjectKey.byteLimit else { return }
        throw PipelinesError(
            .invalidDefinition, "the sink's files would have longer keys than a store takes",
            ["path": "$.config", "bytes": longest.utf8.count, "limit": ObjectKey.byteLimit],
            hint: "shorten the path, the time pattern, or the files' prefix and suffix")
    }

    func key(folder: String, fileName: String) -> String {
        keyPrefix + (folder.isEmpty ? "" : folder + "/") + fileName
    }

    /// The members of the sink's config.
    package var json: JSONObject {
        [
            "path": .string(path), "partitioning": ["time_pattern": .string(pattern.text)],
            "file_naming": naming.json,
        ]
    }
}
