package import Buckets
package import Catalogs
package import Pipelines

/// Deletes buckets for every protocol that can: none may take away what a sink or a catalog still needs.
package struct BucketRemoval: Sendable {
    private let buckets: any BucketDirectory
    private let catalog: Catalog
    private let pipelines: PipelineService

    package init(buckets: any BucketDirectory, catalog: Catalog, pipelines: PipelineService) {
        self.buckets = buckets
        self.catalog = catalog
        self.pipelines = pipelines
    }

    init(_ services: ManagementServices) {
        self.init(buckets: services.buckets, catalog: services.catalog, pipelines: services.pipelines)
    }

    /// The bucket must be empty and no sink's target; a catalog without namespaces goes with it.
    ///
    /// - Errors: `BLB-102`, `BKT-102` when objects are in it, `MGT-201` for a sink's, `CAT-…` for a catalog in use.
    package func remove(_ name: String) async throws {
        _ = try buckets.bucketInfo(name)
        let sinks = try await pipelines.sinks().filter { $0.bucket == name }
        guard sinks.isEmpty else {
            throw ManagementError(
                .bucketInUse, "sinks write to the bucket",
                ["bucket": name, "sinks": sinks.map(\.name).joined(separator: ", ")],
                hint: "delete the sinks and their pipelines first")
        }
        let hasWarehouse = try await catalog.listWarehouses().contains { $0.bucket == name }
        if hasWarehouse, try await buckets.isEmpty(name) { try await catalog.deleteWarehouse(bucket: name) }
        try await buckets.deleteBucket(name)
    }
}
