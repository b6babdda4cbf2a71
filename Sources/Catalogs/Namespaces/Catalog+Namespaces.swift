import Effects
package import Iceberg
import Metastore

extension Catalog {
    /// - Errors: `CAT-102` when the parent does not exist, `CAT-104`, `CAT-201`, `CAT-202`.
    @discardableResult
    package func createNamespace(
        _ namespace: Namespace, in warehouse: Warehouse, properties: [String: String] = [:]
    ) async throws -> NamespaceInfo {
        try NameRules(limits: limits).check(namespace)
        try PropertyRules(limits: limits).check(properties)
        let id = UniqueID.timeOrdered(at: clock.now, from: randomness).description
        let now = clock.now.microseconds
        let made = NamespaceInfo(namespace: namespace, properties: properties)
        return try await change(answer: { .namespace($0) }) { transaction in
            let parent = try namespace.parent.flatMap { parent in
                parent.isRoot ? nil : try NamespaceRow.require(parent, in: warehouse, transaction)
            }
            guard try NamespaceRow.find(namespace, in: warehouse, transaction) == nil else {
                throw CatalogError(.alreadyExists, "the namespace already exists", ["namespace": namespace])
            }
            try transaction.execute(
                "INSERT INTO namespaces (id, warehouse_id, parent_id, path, created_at) VALUES (?, ?, ?, ?, ?)",
                [
                    .text(id), .text(warehouse.id), SQLValue(parent?.id),
                    .text(NamespaceRow.path(of: namespace)), .integer(now),
                ])
            let row = try NamespaceRow.require(namespace, in: warehouse, transaction)
            for (name, value) in properties { try row.setProperty(name, to: value, transaction) }
            return made
        }
    }

    /// - Errors: `CAT-102`.
    package func loadNamespace(_ namespace: Namespace, in warehouse: Warehouse) async throws -> NamespaceInfo
    {
        try await metastore.read { transaction in
            let row = try NamespaceRow.require(namespace, in: warehouse, transaction)
            return NamespaceInfo(namespace: namespace, properties: try row.properties(transaction))
        }
    }

    package func namespaceExists(_ namespace: Namespace, in warehouse: Warehouse) async throws -> Bool {
        try await metastore.read { try NamespaceRow.find(namespace, in: warehouse, $0) != nil }
    }

    /// The namespaces directly below `parent`, or the outermost ones.
    ///
    /// - Errors: `CAT-102` when the parent does not exist.
    package func listNamespaces(
        in warehouse: Warehouse, parent: Namespace? = nil, page: PageRequest = .all
    ) async throws -> Page<Namespace> {
        let parent = parent.flatMap { $0.isRoot ? nil : $0 }
        let found = try await metastore.read { transaction in
            let row = try parent.map { try NamespaceRow.require($0, in: warehouse, transaction) }
            return try NamespaceRow.children(of: row, in: warehouse, page: page, transaction)
        }
        return Page(found.map(\.namespace), for: page, key: Self.pageKey)
    }

    /// What a page of namespaces is continued by.
    package static func pageKey(_ namespace: Namespace) -> String { NamespaceRow.path(of: namespace) }

    /// - Errors: `CAT-102`; `CAT-203` when a name is both set and removed.
    package func updateNamespaceProperties(
        _ namespace: Namespace, in warehouse: Warehouse, set updates: [String: String],
        remove removals: Set<String>
    ) async throws -> NamespacePropertyChanges {
        if let name = removals.intersection(updates.keys).sorted().first {
            throw CatalogError(
                .contradictoryProperties, "a property cannot be set and removed at once", ["property": name])
        }
        let rules = PropertyRules(limits: limits)
        return try await change(answer: { .properties($0) }) { transaction in
            let row = try NamespaceRow.require(namespace, in: warehouse, transaction)
            var changes = NamespacePropertyChanges(updated: updates.keys.sorted())
            for name in removals.sorted() {
                let count = try transaction.execute(
                    "DELETE FROM namespace_properties WHERE namespace_id = ? AND name = ?",
                    [.text(row.id), .text(name)])
                if count == 1 { changes.removed.append(name) } else { changes.missing.append(name) }
            }
            for (name, value) in updates { try row.setProperty(name, to: value, transaction) }
            try rules.check(try row.properties(transaction))
            return changes
        }
    }

    /// Drops an empty namespace; with `cascade` also everything inside, whose files stay.
    ///
    /// - Errors: `CAT-102`, `CAT-105`.
    package func dropNamespace(
        _ namespace: Namespace, in warehouse: Warehouse, cascade: Bool = false
    ) async throws {
        try await change(answer: { _ in .nothing }) { transaction in
            let row = try NamespaceRow.require(namespace, in: warehouse, transaction)
            let inside = try NamespaceRow.subtree(of: row, in: warehouse, transaction)
            let hasContent = try inside.contains { inner in
                try ["tables", "views"].contains { kind in
                    try transaction.first(
                        "SELECT id FROM \(kind) WHERE namespace_id = ? LIMIT 1", [.text(inner.id)]) != nil
                }
            }
            guard cascade || (inside.count == 1 && !hasContent) else {
                throw CatalogError(
                    .namespaceNotEmpty, "the namespace is not empty", ["namespace": namespace],
                    hint: "drop its tables, views and namespaces first")
            }
            // Innermost first: a parent cannot go before its children.
            for inner in inside.reversed() {
                try transaction.execute("DELETE FROM tables WHERE namespace_id = ?", [.text(inner.id)])
                try transaction.execute("DELETE FROM views WHERE namespace_id = ?", [.text(inner.id)])
                try transaction.execute("DELETE FROM namespaces WHERE id = ?", [.text(inner.id)])
            }
        }
    }
}

extension NamespaceRow {
    /// The namespace and all below it, outer before inner.
    static func subtree(
        of root: NamespaceRow, in warehouse: Warehouse, _ transaction: Transaction
    ) throws(MetastoreError) -> [NamespaceRow] {
        var found = [root]
        var next = 0
        while next < found.count {
            found += try children(of: found[next], in: warehouse, page: .all, transaction)
            next += 1
        }
        return found
    }
}
