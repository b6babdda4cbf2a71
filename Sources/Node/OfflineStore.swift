import Buckets
package import JSONText

/// What is done with an object store while no server has it.
package enum OfflineStore {
    /// Makes the index anew from what can be read. - Errors: `NOD-201` while a server runs, `NOD-202` … `NOD-204`.
    ///
    /// - Threads: blocks.
    package static func rebuild(dataDirectory: String) throws -> JSONValue {
        let directory = try DataDirectory(opening: dataDirectory)
        return try withExtendedLifetime(directory) {
            var rebuild = BucketRebuild(directory: dataDirectory + "/objects")
            return try rebuild.run().json
        }
    }
}
