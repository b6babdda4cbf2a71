package import Effects
import Faults
package import Iceberg
import JSONText
import Metastore
import Telemetry

extension Catalog {
    /// - Errors: `CAT-102`, `CAT-104` when a table or view has the name, `CAT-2xx`, and Iceberg's for a schema or version
    ///   that does not hold together.
    package func createView(_ request: CreateView, in warehouse: Warehouse) async throws -> LoadedView {
        let view = request.identifier
        try NameRules(limits: limits).check(tableName: view.name)
        let uuid = UniqueID.random(from: randomness)
        var version = request.version
        version.schemaID = -1
        var change = ViewChange(creating: uuid, at: clock.now)
        let location = request.location ?? DefaultLocation.text(for: view, uuid: uuid, in: warehouse)
        for update in [
            ViewUpdate.setLocation(location), .setProperties(request.properties), .addSchema(request.schema),
            .addVersion(version), .setCurrentVersion(-1),
        ] { try change.apply(update) }
        let metadata = try change.finish()
        let place = try check(metadata, in: warehouse)
        return try await queue.holding([CommitQueue.key(view, warehouse)]) {
            try await metastore.read { transaction in
                _ = try NamespaceRow.require(view.namespace, in: warehouse, transaction)
                try TableRow.requireFree(view, in: warehouse, transaction)
            }
            let file = files.newLocation(in: place, number: 0)
            let row = newViewRow(view, metadata, at: place, file: file)
            _ = try await landView(metadata, at: file, of: view, in: warehouse) {
                try row.insert(in: warehouse, $0)
            }
            return LoadedView(metadata: metadata, metadataLocation: file)
        }
    }

    /// Takes over a view whose metadata file lies in the bucket already.
    ///
    /// - Errors: `CAT-102`, `CAT-104`, `CAT-205`, `CAT-206`, `CAT-210`, `CAT-209` when there is no readable metadata.
    package func registerView(
        _ view: TableIdentifier, metadataLocation: String, in warehouse: Warehouse,
        claiming: @Sendable (TableLocation, UniqueID) throws -> PlaceClaim = { _, _ in .any }
    ) async throws -> LoadedView {
        try NameRules(limits: limits).check(tableName: view.name)
        let file = try LocationRules.check(metadataLocation, in: warehouse).uri
        return try await queue.holding([CommitQueue.key(view, warehouse)]) {
            let metadata = try await Self.registrable(file) { try await viewFiles.load(file) }
            let place = try check(metadata, in: warehouse)
            let claim = try claiming(place, metadata.uuid)
            guard place.contains(file) else { throw LocationRules.outside(file, place) }
            let row = newViewRow(view, metadata, at: place, file: file, claim)
            try await change(answer: { _ in .view(view, metadataLocation: file) }) {
                try row.insert(in: warehouse, $0)
            }
            return LoadedView(metadata: metadata, metadataLocation: file)
        }
    }

    /// Changes a view. The metadata file before stays: somebody may be reading it.
    ///
    /// - Errors: `CAT-108`; `CAT-301` when a requirement does not hold; `CAT-302`, `CAT-303`, `CAT-2xx`; Iceberg's for
    ///   updates that contradict the view.
    package func replaceView(
        _ view: TableIdentifier, requirements: [ViewRequirement], updates: [ViewUpdate],
        in warehouse: Warehouse
    ) async throws -> LoadedView {
        try requireFew(updates: updates.count, limits.structureUpdatesPerRequest)
        return try await queue.holding([CommitQueue.key(view, warehouse)]) {
            for _ in 0..<limits.commitAttempts {
                let row = try await metastore.read { try ViewRow.require(view, in: warehouse, $0) }
                let base = try await metadata(of: row, view)
                try check(requirements, of: view, against: base)
                if updates.isEmpty {
                    return LoadedView(metadata: base, metadataLocation: row.metadataLocation)
                }
                var change = ViewChange(of: base, at: clock.now)
                for update in updates { try change.apply(update) }
                let metadata = try change.finish()
                let place = try check(metadata, in: warehouse)
                let file = files.newLocation(in: place, number: row.version)
                let now = clock.now.microseconds
                let hasLanded = try await landView(metadata, at: file, of: view, in: warehouse) {
                    try row.movePointer(to: file, location: place, at: now, $0)
                }
                if hasLanded { return LoadedView(metadata: metadata, metadataLocation: file) }
            }
            throw CatalogError(
                .commitContended, "the view is changed by others too often",
                ["attempts": limits.commitAttempts], hint: "retry after a pause")
        }
    }

    private func check(
        _ requirements: [ViewRequirement], of view: TableIdentifier, against base: ViewMetadata
    ) throws(CatalogError) {
        for requirement in requirements {
            do {
                try requirement.check(against: base)
            } catch {
                throw CatalogError(
                    .commitConflict, "the view is not as the writer expected it: \(error.message)",
                    ["view": view], cause: error)
            }
        }
    }

    private func check(_ metadata: ViewMetadata, in warehouse: Warehouse) throws -> TableLocation {
        try PropertyRules(limits: limits).check(metadata.properties)
        return try LocationRules.check(metadata.location, in: warehouse)
    }

    private func newViewRow(
        _ view: TableIdentifier, _ metadata: ViewMetadata, at location: TableLocation, file: String,
        _ claim: PlaceClaim = .any
    ) -> NewViewRow {
        let now = clock.now
        return NewViewRow(
            id: UniqueID.timeOrdered(at: now, from: randomness).description, view: view,
            uuid: metadata.uuid.description, location: location, metadataLocation: file,
            createdAt: now.microseconds, claim: claim)
    }

    /// Writes the file, then the pointer. False when the pointer had moved: then nothing has happened.
    ///
    /// - Errors: `CAT-303` when nobody knows; after any other error nothing has happened and nothing is left.
    private func landView(
        _ metadata: ViewMetadata, at file: String, of view: TableIdentifier, in warehouse: Warehouse,
        _ movePointer: @escaping @Sendable (Transaction) throws -> Void
    ) async throws -> Bool {
        do {
            try await viewFiles.write(metadata, to: file)
            FaultPoints.pass(.commitMetadataWritten)
            try await change(answer: { _ in .view(view, metadataLocation: file) }) { try movePointer($0) }
            FaultPoints.pass(.commitPointerMoved)
            return true
        } catch is PlannedChange.PointerMoved {
            await files.discard([file])
            return false
        } catch let error as any Fault where error.kind == .outcomeUnknown {
            if try await pointsAt(file, view, warehouse) { return true }
            throw CatalogError(
                .commitOutcomeUnknown, "nobody knows whether the view was changed", ["view": view],
                hint: "load the view and look before trying again", cause: error)
        } catch {
            await files.discard([file])
            throw error
        }
    }

    private func pointsAt(
        _ file: String, _ view: TableIdentifier, _ warehouse: Warehouse
    ) async throws -> Bool {
        do {
            return try await metastore.read {
                try ViewRow.find(view, in: warehouse, $0)?.metadataLocation == file
            }
        } catch {
            log.error(
                "the outcome of a change to a view could not be looked up", ["reason": .string("\(error)")])
            return false
        }
    }
}
