package import JSONText

/// Objects of a bucket that look like a table's and lie in no table's place: what a creation left that broke off before
/// its table was on record, so that no check of a table lists it.
package struct StrayReport: Sendable, Hashable {
    /// Strays kept; more are counted only.
    static let listLimit = 1000

    /// URIs, in the order of their keys.
    package private(set) var strays: [String] = []
    package private(set) var strayCount = 0
    /// Objects of the bucket.
    package internal(set) var objects = 0

    mutating func add(_ uri: String) {
        strayCount += 1
        if strays.count < Self.listLimit { strays.append(uri) }
    }

    /// Below the folder of tables without a location of their own, or by its name a table's metadata file. Anything else
    /// in a bucket may be somebody's who has no table.
    ///
    ///     __firn/web/clicks-1f2e3d4c5b6a/data/0.parquet     web/clicks/metadata/00000-….metadata.json
    static func mayContain(_ key: String) -> Bool {
        if key.utf8.starts(with: "\(DefaultLocation.folder)/".utf8) { return true }
        let segments = key.utf8.split(separator: UInt8(ascii: "/"))
        guard segments.count > 1, segments[segments.count - 2].elementsEqual("metadata".utf8) else {
            return false
        }
        return [".metadata.json", ".metadata.json.gz"].contains { key.hasSuffix($0) }
    }

    package var json: JSONValue {
        [
            "stray_count": JSONValue(strayCount), "strays": JSONValue(strays),
            "checked": ["objects": JSONValue(objects)],
        ]
    }
}
