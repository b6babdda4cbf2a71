package import Blobs
package import Iceberg

extension TableLocation {
    /// The object a table's file names, once it is known to be the table's own.
    ///
    /// Decision: never follow a path you do not own. A manifest is only text somebody wrote; without this check it
    /// could have us read, or later delete, another table's files.
    ///
    /// - Errors: `TAB-103`.
    package func blob(_ path: String) throws(TablesError) -> BlobPath {
        guard contains(path), let blob = BlobPath(uri: path) else {
            throw TablesError(
                .pathOutsideTable, "a file of the table lies outside the table's location",
                ["path": path, "location": uri])
        }
        return blob
    }
}
