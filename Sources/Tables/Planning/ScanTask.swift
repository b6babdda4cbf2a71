package import Blobs
package import Iceberg

/// One data file to read, and what deletes rows of it.
package struct ScanTask: Sendable {
    package var file: DataFile
    /// Where the file lies; checked to be the table's own.
    package var path: BlobPath
    package var spec: PartitionSpec
    /// The order of the file's rows among deletes.
    package var sequenceNumber: Int64
    /// The snapshot that added the file.
    package var snapshotID: Int64?
    package var position: ScanPosition
    /// What may delete rows of the file.
    package var deletes = FileDeletes()

    package init(
        file: DataFile, path: BlobPath, spec: PartitionSpec, sequenceNumber: Int64, snapshotID: Int64? = nil,
        position: ScanPosition = ScanPosition(manifest: 0, entry: 0)
    ) {
        self.file = file
        self.path = path
        self.spec = spec
        self.sequenceNumber = sequenceNumber
        self.snapshotID = snapshotID
        self.position = position
    }
}

/// What planning saw and what it left out.
package struct PlanCounts: Sendable, Hashable {
    package var manifests = 0
    package var skippedManifests = 0
    package var files = 0
    package var skippedFiles = 0
    package var fileBytes: Int64 = 0
    package var rows: Int64 = 0
    /// Delete files and vectors of the snapshot that may be about the files read.
    package var deleteFiles = 0

    package init() {}
}
