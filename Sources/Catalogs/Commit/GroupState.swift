import Blobs
import Iceberg

/// A table while commits are put on top of each other, before anything of it is written.
struct GroupState: Sendable {
    let row: TableRow
    let base: TableMetadata
    var metadata: TableMetadata
    var hasChanged = false
    /// Manifest lists of rebased appends, to be written with the metadata.
    var manifestLists: [PlannedChange.ManifestList] = []
    var expiredLists: [String] = []
    /// Manifest lists that writers brought and that a rebase replaced.
    var replacedLists: [String] = []

    init(row: TableRow, base: TableMetadata) {
        self.row = row
        self.base = base
        metadata = base
    }

    /// The manifests of a list that is not written yet.
    func pendingManifests(_ list: String) -> [ManifestFile]? {
        manifestLists.first { $0.path.uri == list }?.manifests
    }
}
