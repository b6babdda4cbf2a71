/// Bounds of the catalog. Those on names and depth are the hosted service's.
package struct CatalogLimits: Sendable {
    package var namespaceDepth = 5
    package var nameBytes = 255
    package var properties = 1000
    package var propertyNameBytes = 1024
    package var propertyValueBytes = 1 << 16
    package var tablesPerCommit = 1000
    /// Updates in one request, those of all its tables together. Older clients take each snapshot away by one of its own.
    package var updatesPerRequest = 100_000
    /// Those among them that bring or choose schemas, specs and orders, and ten more for each table.
    package var structureUpdatesPerRequest = 1000
    package var pageSizeDefault = 100
    package var pageSizeMaximum = 1000
    /// Parsing needs a few times as much memory.
    package var metadataFileBytes = 64 << 20
    package var viewFileBytes = 16 << 20
    /// Manifests of its own that an append may have to be rebased; each is read to see that it only adds.
    package var rebasedManifests = 64
    /// Manifests that came since an append's writer looked and are read to compare their files with the append's.
    package var comparedManifests = 1000
    /// What is remembered of such manifests, about.
    package var comparedFilesBytes = 16 << 20
    package var manifestBytes = 64 << 20
    /// Parsed metadata kept in memory, counted by the size of its text.
    package var metadataCacheBytes = 64 << 20
    /// How often a commit is tried again when the pointer moved under it. Commits to one table wait in line in this
    /// process, so a second try means that another process commits to it too.
    package var commitAttempts = 8
    /// Pages of a thousand files that a drop with purge deletes before it answers; the rest goes in the background.
    package var purgePagesAtOnce = 10
    /// How long files of an expired snapshot stay for those who still read it.
    package var expiredFileGraceSeconds: Int64 = 6 * 3600
    /// Expired manifest lists of one table that are looked at together.
    package var expiredListsAtOnce = 1000
    /// In a table with more snapshots the files of expired ones wait until `expiredListsAtOnce` are together: every
    /// list that is kept has to be read to know which manifests it holds.
    package var snapshotsToCompare = 20_000
    /// How long the answer to a request with an idempotency key can be had again.
    package var answerLifetimeSeconds: Int64 = 1800
    /// Appends to one table that become one metadata file.
    package var commitsInGroup = 64
    /// Files that wait to be deleted after the commits that let go of them; those beyond, a commit deletes itself.
    package var obsoleteFiles = 1000
    /// Seconds between two passes of `runMaintenance`.
    package var maintenanceSeconds: Int64 = 1800
    package init() {}
}
