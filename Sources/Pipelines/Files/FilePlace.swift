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
