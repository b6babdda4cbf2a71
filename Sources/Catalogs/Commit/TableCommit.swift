package import Iceberg

/// What a writer wants done to one table, and what must hold for it.
package struct TableCommit: Sendable {
    package var warehouse: Warehouse
    package var identifier: TableIdentifier
    package var requirements: [TableRequirement]
    package var updates: [TableUpdate]

    package init(
        warehouse: Warehouse, identifier: TableIdentifier, requirements: [TableRequirement],
        updates: [TableUpdate]
    ) {
        self.warehouse = warehouse
        self.identifier = identifier
        self.requirements = requirements
        self.updates = updates
    }
}
