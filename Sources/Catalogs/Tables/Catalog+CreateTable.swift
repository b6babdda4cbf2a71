import Blobs
package import Effects
import Faults
package import Iceberg
import Metastore
import Tables

extension Catalog {
    /// Creates the table at once.
    ///
    /// - Errors: `CAT-102`, `CAT-104`, `CAT-2xx`, and Iceberg's for a schema, spec or order that does not hold together.
    package func createTable(_ request: CreateTable, in warehouse: Warehouse) async throws -> LoadedTable {
        try await queue.holding([CommitQueue.key(request.identifier, warehouse)]) {
            let (metadata, location) = try await newMetadata(request, in: warehouse)
            return try await create(request.identifier, metadata, at: location, in: warehouse)
        }
    }

    /// What the table would be, for a transaction that creates it at its end: nothing is written and no name taken.
    ///
    /// - Errors: those of `createTable`.
    package func stageTable(_ request: CreateTable, in warehouse: Warehouse) async throws -> TableMetadata {
        let (metadata, location) = try await newMetadata(request, in: warehouse)
        try await metastore.read { try LocationRules.requireFree(location, $0) }
        await keep(.staged(request.identifier, metadata.json))
        return metadata
    }

    /// Takes a table over whose files lie in the bucket already.
    ///
    /// With `overwrite` a table of the name points at the metadata from now on, be it its own or another table's; the
    /// files it had stay. `claiming` decides whether the caller may have what lies at the location.
    ///
    /// - Errors: `CAT-102`, `CAT-104`, `CAT-205`, `CAT-206`, `CAT-210`, `CAT-302`, `CAT-209` when there is no readable
    ///   metadata, or the manifest list of its current snapshot cannot be read.
    package func registerTable(
        _ table: TableIdentifier, metadataLocation: String, in warehouse: Warehouse, overwrite: Bool = false,
        claiming: @Sendable (TableLocation, UniqueID) throws -> PlaceClaim = { _, _ in .any }
    ) async throws -> LoadedTable {
        try NameRules(limits: limits).check(tableName: table.name)
        let file = try LocationRules.check(metadataLocation, in: warehouse)
        return try await queue.holding([CommitQueue.key(table, warehouse)]) {
            // Somebody else wrote the file, perhaps since it was read last.
            let (metadata, bytes) = try await Self.registrable(file.uri) {
                try await files.readAnew(file.uri)
            }
            try Self.requireSound(metadata, at: file.uri)
            let location = try LocationRules.check(metadata.location, in: warehouse)
            let claim = try claiming(location, metadata.uuid)
            guard location.contains(file.uri) else { throw LocationRules.outside(file.uri, location) }
            try LocationRules.check(metadata, in: location)
            try await requireCurrentList(of: metadata, in: location)
            let row = newRow(table, metadata, at: location, metadataLocation: file.uri, claim)
            for _ in 0..<limits.commitAttempts {
                guard !obsolete.has(BlobPath(bucket: file.bucket, key: file.key)) else {
                    throw CatalogError(
                        .notRegistrable, "the metadata is about to be deleted: its table has gone on",
                        ["metadata-location": file])
                }
                let old =
                    overwrite
                    ? try await metastore.read { try TableRow.find(table, in: warehouse, $0) } : nil
                let plan = PlannedChange(
                    warehouse: warehouse, identifier: table, metadata: metadata, metadataLocation: file.uri,
                    pointer: old.map { .replace($0, by: row) } ?? .insert(row), writesFile: false)
                if try await landAlone(plan) {
                    files.keep(metadata, bytes: bytes, of: file.uri)
                    return plan.loaded
                }
            }
            throw contended
        }
    }

    /// What `load` reads where the caller says that there is metadata.
    static func registrable<Metadata>(
        _ location: String, _ load: () async throws -> Metadata
    ) async throws -> Metadata {
        do {
            return try await load()
        } catch let error as CatalogError where error.code == .corrupt {
            throw CatalogError(
                .notRegistrable, "there is no metadata here that can be read",
                ["metadata-location": location, "reason": "\(error.cause ?? error)"], cause: error)
        }
    }

    /// Only here: what the catalog writes itself is sound when it began so.
    private static func requireSound(_ metadata: TableMetadata, at location: String) throws(CatalogError) {
        do {
            try metadata.validateForWriting()
        } catch {
            throw CatalogError(
                .notRegistrable, "the metadata contradicts itself: \(error.message)",
                ["metadata-location": location], cause: error)
        }
    }

    private func newMetadata(
        _ request: CreateTable, in warehouse: Warehouse
    ) async throws -> (metadata: TableMetadata, location: TableLocation) {
        try NameRules(limits: limits).check(tableName: request.identifier.name)
        try PropertyRules(limits: limits).check(request.properties)
        try await metastore.read { transaction in
            _ = try NamespaceRow.require(request.identifier.namespace, in: warehouse, transaction)
            try TableRow.requireFree(request.identifier, in: warehouse, transaction)
        }
        let uuid = UniqueID.random(from: randomness)
        let text =
            request.location ?? DefaultLocation.text(for: request.identifier, uuid: uuid, in: warehouse)
        let location = try LocationRules.check(text, in: warehouse)
        let wanted = NewTable(
            schema: request.schema, spec: request.spec, order: request.order, location: location.uri,
            properties: request.properties)
        let size = (wanted.schema.fieldCount + wanted.spec.fields.count + wanted.order.fields.count) << 7
        let metadata = try await work.run(size: size) { [now = clock.now] in
            try wanted.metadata(uuid: uuid, at: now)
        }
        try LocationRules.check(metadata, in: location)
        return (metadata, location)
    }

    private func create(
        _ table: TableIdentifier, _ metadata: TableMetadata, at location: TableLocation,
        in warehouse: Warehouse
    ) async throws -> LoadedTable {
        let file = files.newLocation(
            in: location, number: 0, isCompressed: MetadataFile.isCompressed(metadata))
        let plan = PlannedChange(
            warehouse: warehouse, identifier: table, metadata: metadata, metadataLocation: file,
            pointer: .insert(newRow(table, metadata, at: location, metadataLocation: file)))
        _ = try await landAlone(plan)
        return plan.loaded
    }

    private func landAlone(_ plan: PlannedChange) async throws -> Bool {
        let (request, expiry) = (RepeatableRequest.current, answerExpiry)
        let answer = RecordedAnswer.table(plan.identifier, metadataLocation: plan.metadataLocation)
        return try await land([plan]) { transaction in
            if let request { try AnswerRow.insert(answer, to: request, expiresAt: expiry, transaction) }
        }
    }

    func newRow(
        _ table: TableIdentifier, _ metadata: TableMetadata, at location: TableLocation,
        metadataLocation: String, _ claim: PlaceClaim = .any
    ) -> NewTableRow {
        let now = clock.now
        return NewTableRow(
            id: UniqueID.timeOrdered(at: now, from: randomness).description, table: table,
            uuid: metadata.uuid.description, location: location, metadataLocation: metadataLocation,
            createdAt: now.microseconds, claim: claim)
    }
}
