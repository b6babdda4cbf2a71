import Blobs
import Iceberg
import Telemetry
import Testing

@testable import Catalogs

@Suite("Metadata in memory")
struct MetadataCacheTests {
    /// A full cache of ten entries, `0` to `9`, and more that come after.
    private func cache(with count: Int) async throws -> (MetadataCache, [BlobPath]) {
        let cache = MetadataCache(limitBytes: 100, metrics: MetricsRegistry())
        let metadata = try await CatalogFixture().create("a").metadata
        let paths = try (0..<count).map { number in
            try #require(BlobPath(uri: "s3://lake/a/metadata/\(number).json"))
        }
        for path in paths { cache.insert(metadata, at: path, bytes: 10) }
        return (cache, paths)
    }

    @Test("a full cache keeps what came last")
    func keepsNewest() async throws {
        let (cache, paths) = try await cache(with: 37)
        for path in paths.suffix(10) { #expect(cache.find(path) != nil) }
        for path in paths.dropLast(10) { #expect(cache.find(path) == nil) }
    }

    @Test("a full cache keeps what is used")
    func keepsUsed() async throws {
        let (cache, paths) = try await cache(with: 10)
        let metadata = try #require(cache.find(paths[3]))
        for number in 10..<60 {
            _ = cache.find(paths[3])
            cache.insert(
                metadata, at: try #require(BlobPath(uri: "s3://lake/b/\(number).json")), bytes: 10)
        }
        #expect(cache.find(paths[3]) != nil)
        #expect(cache.find(paths[4]) == nil)
    }

    @Test("memory is for metadata that tables point at: a commit gives back what it replaces")
    func forgetsReplaced() async throws {
        var limits = CatalogLimits()
        limits.metadataCacheBytes = 60_000
        let fixture = try await CatalogFixture(limits: limits)
        var tables: [LoadedTable] = []
        for name in ["a", "b", "c", "d"] { tables.append(try await fixture.create(name)) }
        for round in 1...20 {
            for index in tables.indices {
                let commit = fixture.append(to: tables[index], snapshotID: Int64(round))
                tables[index] = try await fixture.catalog.commit([commit])[0]
            }
        }
        #expect(fixture.metrics.exposition.contains("\nfirn_metadata_cache_misses_total 0\n"))
    }
}
