/// A file in a manifest, and what the manifest's snapshot did with it.
package struct ManifestEntry: Sendable, Hashable {
    package enum Status: Int, Sendable {
        case existing = 0
        case added = 1
        case deleted = 2
    }

    package var status: Status
    /// The snapshot that added the file, or for deleted ones deleted it. Nil: that of the manifest.
    package var snapshotID: Int64?
    /// The order of the file's data among deletes. Nil: that of the manifest; only for added files.
    package var sequenceNumber: Int64?
    /// When the file itself was added.
    package var fileSequenceNumber: Int64?
    package var file: DataFile

    package init(
        _ status: Status, _ file: DataFile, snapshotID: Int64? = nil, sequenceNumber: Int64? = nil,
        fileSequenceNumber: Int64? = nil
    ) {
        self.status = status
        self.file = file
        self.snapshotID = snapshotID
        self.sequenceNumber = sequenceNumber
        self.fileSequenceNumber = fileSequenceNumber
    }

    package var isLive: Bool { status != .deleted }

    /// Fills in what the entry leaves to its manifest.
    ///
    /// Source: Iceberg table specification, "Sequence Number Inheritance".
    package mutating func inherit(from manifest: ManifestFile) {
        snapshotID = snapshotID ?? manifest.addedSnapshotID
        // Manifests of version 1 have sequence number 0, and so have all their files.
        if status == .added || manifest.sequenceNumber == 0 {
            sequenceNumber = sequenceNumber ?? manifest.sequenceNumber
            fileSequenceNumber = fileSequenceNumber ?? manifest.sequenceNumber
        }
    }
}
