import Effects
package import Iceberg
import Metastore

extension Catalog {
    /// - Errors: `CAT-108`, `CAT-401`.
    package func loadView(_ view: TableIdentifier, in warehouse: Warehouse) async throws -> LoadedView {
        let row = try await metastore.read { try ViewRow.require(view, in: warehouse, $0) }
        return LoadedView(metadata: try await metadata(of: row, view), metadataLocation: row.metadataLocation)
    }

    package func viewExists(_ view: TableIdentifier, in warehouse: Warehouse) async throws -> Bool {
        try await metastore.read { try ViewRow.find(view, in: warehouse, $0) != nil }
    }

    /// - Errors: `CAT-102` when the namespace does not exist.
    package func listViews(
        in namespace: Namespace, of warehouse: Warehouse, page: PageRequest = .all
    ) async throws -> Page<TableIdentifier> {
        let names = try await metastore.read { transaction in
            let row = try NamespaceRow.require(namespace, in: warehouse, transaction)
            return try ViewRow.names(in: row, page: page, transaction)
        }
        return Page(names.map { TableIdentifier(namespace: namespace, name: $0) }, for: page, key: \.name)
    }

    /// Also moves it to another namespace of the warehouse.
    ///
    /// - Errors: `CAT-108`, `CAT-102`, `CAT-104` when a table or view has the name, `CAT-201`.
    package func renameView(
        _ source: TableIdentifier, to target: TableIdentifier, in warehouse: Warehouse
    ) async throws {
        try NameRules(limits: limits).check(tableName: target.name)
        let now = clock.now.microseconds
        try await change(answer: { _ in .nothing }) { transaction in
            let row = try ViewRow.require(source, in: warehouse, transaction)
            let namespace = try NamespaceRow.require(target.namespace, in: warehouse, transaction)
            try TableRow.requireFree(target, in: warehouse, transaction)
            try transaction.execute(
                "UPDATE views SET namespace_id = ?, name = ?, updated_at = ? WHERE id = ?",
                [.text(namespace.id), .text(target.name), .integer(now), .text(row.id)])
        }
    }

    /// Forgets the view. Its metadata files stay, as a table's do.
    ///
    /// - Errors: `CAT-108`.
    package func dropView(_ view: TableIdentifier, in warehouse: Warehouse) async throws {
        let now = clock.now.microseconds
        try await change(answer: { _ in .nothing }) { transaction in
            let row = try ViewRow.require(view, in: warehouse, transaction)
            try transaction.execute("DELETE FROM views WHERE id = ?", [.text(row.id)])
            try LeftPlaceRow.insert(row.location, leftBy: view, in: warehouse, at: now, transaction)
        }
    }

    func metadata(of row: ViewRow, _ view: TableIdentifier) async throws -> ViewMetadata {
        let metadata = try await viewFiles.load(row.metadataLocation)
        guard metadata.uuid.description == row.uuid else {
            throw CatalogError(
                .corrupt, "a view's metadata file is another view's",
                ["view": view, "uuid": row.uuid, "found": metadata.uuid])
        }
        return metadata
    }
}
