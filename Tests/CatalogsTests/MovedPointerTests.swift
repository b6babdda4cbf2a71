import Blobs
import Iceberg
import Synchronization
import TestKit
import Testing

@testable import Catalogs

@Suite("A pointer that moves while its file is read")
struct MovedPointerTests {
    private let fixture: CatalogFixture
    init() async throws { fixture = try await CatalogFixture() }

    /// A catalog without anything in memory, to which `event` happens before it opens its first file.
    private func catalog(with event: @escaping @Sendable () async throws -> Void) -> Catalog {
        Catalog(
            metastore: fixture.metastore, store: EventfulStore(inner: fixture.memory, event: event),
            clock: fixture.clock)
    }

    @Test("the table is what it became, though commits deleted the file")
    func commits() async throws {
        try await fixture.create("a", properties: ["write.metadata.previous-versions-max": "1"])
        let cold = catalog { [fixture] in
            for id in 1...3 as ClosedRange<Int64> {
                try await fixture.catalog.commit([
                    fixture.append(to: try await fixture.load("a"), snapshotID: id)
                ])
            }
        }
        let loaded = try await cold.loadTable(fixture.identifier("a"), in: fixture.warehouse)
        #expect(try await loaded.metadataLocation == fixture.load("a").metadataLocation)
        #expect(loaded.version == 4)
    }

    @Test("the table is not there, though a purge deleted the file")
    func purge() async throws {
        let table = try await fixture.create("a").identifier
        let cold = catalog { [fixture] in
            try await fixture.catalog.dropTable(table, in: fixture.warehouse, purge: true)
        }
        #expect(
            await faultCode { _ = try await cold.loadTable(table, in: fixture.warehouse) } == "CAT-103")
    }
}

/// A store to whose objects something happens before the first one is opened.
private final class EventfulStore: BlobStore {
    private let inner: any BlobStore
    private let event: @Sendable () async throws -> Void
    private let isOver = Mutex(false)

    init(inner: any BlobStore, event: @escaping @Sendable () async throws -> Void) {
        self.inner = inner
        self.event = event
    }

    func open(_ path: BlobPath) async throws -> any BlobReader {
        let isFirst = isOver.withLock { isOver in
            defer { isOver = true }
            return !isOver
        }
        if isFirst { try await event() }
        return try await inner.open(path)
    }

    func head(_ path: BlobPath) async throws -> BlobInfo { try await inner.head(path) }

    func put(_ path: BlobPath, _ bytes: [UInt8], if condition: PutCondition) async throws -> BlobInfo {
        try await inner.put(path, bytes, if: condition)
    }

    func startUpload(_ path: BlobPath) async throws -> any BlobUpload { try await inner.startUpload(path) }
    func publish(_ sealed: SealedBlob) async throws -> BlobInfo { try await inner.publish(sealed) }
    func discard(_ sealed: SealedBlob) async throws { try await inner.discard(sealed) }

    func discardSealed(except receipts: Set<String>) async throws {
        try await inner.discardSealed(except: receipts)
    }

    func delete(_ paths: [BlobPath]) async throws { try await inner.delete(paths) }

    func list(bucket: String, prefix: String, after: String?, limit: Int) async throws -> BlobListing {
        try await inner.list(bucket: bucket, prefix: prefix, after: after, limit: limit)
    }
}
