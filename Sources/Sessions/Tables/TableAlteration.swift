import Columnar
import Effects
import Iceberg
import Planner
import SQLSyntax

/// What the actions of one ALTER TABLE make of a table, as updates for one commit.
struct TableAlteration {
    private let base: TableMetadata
    private var columns: SchemaEvolution
    private var spec: PartitionSpec
    private var order: SortOrder
    private var newProperties: [String: String] = [:]
    private var oldProperties: Set<String> = []

    init(of metadata: TableMetadata) {
        base = metadata
        columns = SchemaEvolution(of: metadata)
        spec = metadata.defaultSpec
        order = metadata.defaultSortOrder
    }

    /// Nobody may have changed what the updates were worked out from.
    var requirements: [TableRequirement] {
        [
            .tableUUID(base.uuid.description), .currentSchemaID(base.currentSchemaID),
            .lastAssignedFieldID(base.lastColumnID), .defaultSpecID(base.defaultSpecID),
            .lastAssignedPartitionID(base.lastPartitionID), .defaultSortOrderID(base.defaultSortOrderID),
        ]
    }

    mutating func apply(_ action: AlterTableSyntax.Action) throws {
        switch action {
        case .addColumn(let path, let column, let place, let ifNotExists):
            try columns.add(path, column, place, ifNotExists: ifNotExists)
        case .dropColumn(let path, let ifExists): try columns.drop(path, ifExists: ifExists)
        case .renameColumn(let path, let name): try columns.rename(path, to: name)
        case .moveColumn(let path, let place): try columns.move(path, place)
        case .setType(let path, let type): try columns.setType(path, type)
        case .setRequired(let path, let isRequired): try columns.setRequired(path, isRequired)
        case .commentColumn(let path, let text): try columns.comment(path, text)
        case .addPartition(let partition): try add(partition)
        case .dropPartition(let transform): try drop(transform)
        case .replacePartition(let old, let new):
            try drop(old)
            try add(new)
        case .setOrder(let fields): order = try transforms.order(fields)
        case .properties(let change):
            for (name, value) in try TableDefinition.properties(change.updates) {
                newProperties[name] = value
                oldProperties.remove(name)
            }
            for name in change.removals {
                oldProperties.insert(name)
                newProperties[name] = nil
            }
        case .renameTable(let name):
            throw SessionsError(
                .changeForbidden, "RENAME TO stands alone", at: name.position.place,
                hint: "rename the table in a statement of its own")
        }
    }

    private var transforms: TransformDefinition { TransformDefinition(schema: columns.schema) }

    private mutating func add(_ partition: PartitionSyntax) throws {
        let field = try transforms.partition(partition)
        let position = partition.transform.position
        if let same = spec.fields.first(where: {
            $0.sourceID == field.sourceID && $0.transform == field.transform
        }) {
            throw SessionsError(
                .changeForbidden, "the table is partitioned by this already", ["partition field": same.name],
                at: position.place)
        }
        if spec.fields.contains(where: { $0.name == field.name }) {
            throw PlannerError(
                .unlikeShape, "a partition field has this name already", ["name": field.name], at: position,
                hint: "give it another: ADD PARTITION FIELD … AS name")
        }
        spec.fields.append(field)
    }

    private mutating func drop(_ transform: TransformSyntax) throws {
        guard let index = try transforms.find(transform, in: spec), spec.fields[index].transform != .void
        else {
            throw PlannerError(
                .unknownField, "the table has no such partition field",
                ["partition field": "\(transform.column)"], at: transform.position,
                hint: spec.isUnpartitioned
                    ? "the table is not partitioned" : "it is partitioned by \(names)")
        }
        if base.formatVersion > 1 {
            spec.fields.remove(at: index)
        } else {
            // Readers of version 1 find partition values by position.
            spec.fields[index].transform = .void
        }
    }

    private var names: String {
        spec.fields.filter { $0.transform != .void }.map { "\(Identifier($0.name))" }.joined(separator: ", ")
    }

    /// Empty when the table is so already.
    ///
    /// - Errors: `SES-203` for properties that are no properties.
    func updates() throws -> [TableUpdate] {
        var result: [TableUpdate] = []
        var updates = newProperties
        if let text = updates.removeValue(forKey: "format-version") {
            guard let version = Int(text) else {
                throw SessionsError(
                    .changeForbidden, "format-version is a number", ["format-version": text])
            }
            if version != base.formatVersion { result.append(.upgradeFormatVersion(version)) }
        }
        if let name = oldProperties.union(updates.keys).intersection(NewTable.reservedProperties).sorted()
            .first
        {
            throw SessionsError(
                .changeForbidden, "the property is a part of the table's metadata and cannot be set",
                ["property": name])
        }
        if !columns.schema.hasSameColumns(as: base.currentSchema) {
            result += [.addSchema(columns.schema, lastColumnID: columns.lastColumnID), .setCurrentSchema(-1)]
        }
        if spec != base.defaultSpec { result += [.addSpec(spec), .setDefaultSpec(-1)] }
        if order.fields != base.defaultSortOrder.fields {
            result += [.addSortOrder(order), .setDefaultSortOrder(-1)]
        }
        let changed = updates.filter { base.properties[$0.key] != $0.value }
        if !changed.isEmpty { result.append(.setProperties(changed)) }
        let removed = oldProperties.filter { base.properties[$0] != nil }.sorted()
        if !removed.isEmpty { result.append(.removeProperties(removed)) }
        return result
    }
}
