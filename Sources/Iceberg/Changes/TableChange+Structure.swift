import Columnar

extension TableChange {
    mutating func add(_ schema: IcebergSchema, lastColumnID: Int?) throws(IcebergError) {
        try schema.validateNew(
            formatVersion: metadata.formatVersion, after: metadata.schema(withID: metadata.currentSchemaID))
        if let lastColumnID, lastColumnID < metadata.lastColumnID {
            throw IcebergError(
                .invalidUpdate, "the last column id never goes back",
                ["table has": metadata.lastColumnID, "asked": lastColumnID])
        }
        var schema = schema
        if let same = metadata.schemas.first(where: { $0.hasSameColumns(as: schema) }) {
            lastAddedSchemaID = same.schemaID
        } else {
            schema.schemaID = (metadata.schemas.map(\.schemaID).max() ?? -1) + 1
            lastAddedSchemaID = schema.schemaID
            edit { $0.schemas.append(schema) }
        }
        let highest = max(metadata.lastColumnID, schema.highestFieldID, lastColumnID ?? 0)
        edit { $0.lastColumnID = highest }
    }

    mutating func setCurrentSchema(_ id: Int) throws(IcebergError) {
        let id = try resolve(id, last: lastAddedSchemaID, "schema")
        if id == metadata.currentSchemaID { return }
        guard let schema = metadata.schema(withID: id) else {
            throw IcebergError(.unknownSchema, "the table has no such schema", ["schema-id": id])
        }
        try checkTypes(promotedTo: schema)
        try checkPartitions(promotedTo: schema)
        edit { $0.currentSchemaID = id }
    }

    /// A column that stays, by its id, has values in files that nobody could read as another type. Of a table that is
    /// replaced nothing is.
    private func checkTypes(promotedTo schema: IcebergSchema) throws(IcebergError) {
        guard metadata.currentSnapshotID != nil,
            let current = metadata.schema(withID: metadata.currentSchemaID)
        else { return }
        let asked = FieldIndex(schema)
        for place in current.allFields {
            let (old, new) = (place.field.type, place.field.id.flatMap { asked[$0] }?.field.type)
            guard let new, !old.isSameKind(as: new),
                !TypePromotion.isAllowed(old, to: new, formatVersion: metadata.formatVersion)
            else { continue }
            throw IcebergError(
                .invalidUpdate, "a column's type cannot become another that its files do not have",
                ["column": place.path, "field-id": place.field.id ?? -1, "is": old, "asked": new],
                hint: TypePromotion.hint(old, formatVersion: metadata.formatVersion))
        }
    }

    /// Also of earlier specs: their files are still there. Of a table that is replaced nothing is.
    private func checkPartitions(promotedTo schema: IcebergSchema) throws(IcebergError) {
        guard metadata.currentSnapshotID != nil,
            let current = metadata.schema(withID: metadata.currentSchemaID)
        else { return }
        let fields = metadata.specs.flatMap(\.fields)
        if fields.isEmpty { return }
        let (known, asked) = (FieldIndex(current), FieldIndex(schema))
        for use in fields {
            guard let old = known[use.sourceID]?.field, let place = asked[use.sourceID],
                !use.transform.keepsPartitions(of: old.type, promotedTo: place.field.type)
            else { continue }
            throw IcebergError(
                .invalidUpdate,
                "the column partitions files of the table, and its transform gives other values then",
                [
                    "column": place.path, "partition field": use.name, "is": old.type,
                    "asked": place.field.type,
                ])
        }
    }

    mutating func add(_ spec: PartitionSpec) throws(IcebergError) {
        try spec.validate(against: newestSchema())
        if let same = metadata.specs.first(where: { $0.isEquivalent(to: spec) }) {
            lastAddedSpecID = same.specID
            return
        }
        let known = metadata.specs.flatMap(\.fields)
        try checkUnclaimed(spec.fields, known)
        var spec = spec
        var last = max(metadata.lastPartitionID, spec.highestFieldID)
        var taken = Set(spec.fields.map(\.fieldID))
        let earlier = Dictionary(grouping: known) { PartitionSource(of: $0) }
        for index in spec.fields.indices where spec.fields[index].fieldID == 0 {
            // The same column through the same transform keeps the id it had in an earlier spec.
            let reused = earlier[PartitionSource(of: spec.fields[index])]?.first {
                !taken.contains($0.fieldID)
            }
            let id = reused?.fieldID ?? last + 1
            spec.fields[index].fieldID = id
            taken.insert(id)
            last = max(last, id)
        }
        spec.specID = (metadata.specs.map(\.specID).max() ?? -1) + 1
        lastAddedSpecID = spec.specID
        edit { metadata in
            metadata.specs.append(spec)
            metadata.lastPartitionID = max(last, metadata.lastPartitionID)
        }
    }

    /// One id means one column through one transform in all specs of a table; only a dropped field becomes void.
    private func checkUnclaimed(
        _ fields: [PartitionField], _ known: [PartitionField]
    ) throws(IcebergError) {
        let byID = Dictionary(grouping: known, by: \.fieldID)
        for field in fields where field.fieldID > 0 {
            let clash = byID[field.fieldID]?.first { known in
                known.sourceID != field.sourceID
                    || known.transform != field.transform && known.transform != .void
                        && field.transform != .void
            }
            guard let clash else { continue }
            throw IcebergError(
                .invalidPartitionSpec, "another spec uses the id of a partition field for something else",
                ["partition field": field.name, "field-id": field.fieldID, "there": clash.name])
        }
    }

    mutating func setDefaultSpec(_ id: Int) throws(IcebergError) {
        let id = try resolve(id, last: lastAddedSpecID, "partition spec")
        guard metadata.spec(withID: id) != nil else {
            throw IcebergError(.unknownPartitionSpec, "the table has no such spec", ["spec-id": id])
        }
        edit { $0.defaultSpecID = id }
    }

    mutating func add(_ order: SortOrder) throws(IcebergError) {
        try order.validate(against: newestSchema())
        if let same = metadata.sortOrders.first(where: { $0.fields == order.fields }) {
            lastAddedSortOrderID = same.orderID
            return
        }
        // Zero belongs to the empty order.
        let next = max(1, (metadata.sortOrders.map(\.orderID).max() ?? 0) + 1)
        let added = SortOrder(orderID: order.isUnsorted ? 0 : next, fields: order.fields)
        lastAddedSortOrderID = added.orderID
        edit { $0.sortOrders.append(added) }
    }

    mutating func setDefaultSortOrder(_ id: Int) throws(IcebergError) {
        let id = try resolve(id, last: lastAddedSortOrderID, "sort order")
        guard metadata.sortOrder(withID: id) != nil else {
            throw IcebergError(.unknownSortOrder, "the table has no such sort order", ["order-id": id])
        }
        edit { $0.defaultSortOrderID = id }
    }

    mutating func removeSpecs(_ ids: Set<Int>) throws(IcebergError) {
        if ids.contains(metadata.defaultSpecID) {
            throw IcebergError(
                .invalidUpdate, "the default partition spec stays", ["spec-id": metadata.defaultSpecID])
        }
        edit { $0.specs.removeAll { ids.contains($0.specID) } }
    }

    mutating func removeSchemas(_ ids: Set<Int>) throws(IcebergError) {
        if ids.contains(metadata.currentSchemaID) {
            throw IcebergError(
                .invalidUpdate, "the current schema stays", ["schema-id": metadata.currentSchemaID])
        }
        edit { $0.schemas.removeAll { ids.contains($0.schemaID) } }
    }

    /// The schema that specs and orders of this commit are about.
    private func newestSchema() throws(IcebergError) -> IcebergSchema {
        let id =
            metadata.schema(withID: metadata.currentSchemaID) == nil
            ? lastAddedSchemaID : metadata.currentSchemaID
        guard let schema = id.flatMap({ metadata.schema(withID: $0) }) else {
            throw IcebergError(
                .invalidUpdate, "a schema comes before the partition spec and the sort order that use it")
        }
        return schema
    }

    private func resolve(_ id: Int, last: Int?, _ what: String) throws(IcebergError) -> Int {
        if id != -1 { return id }
        guard let last else {
            throw IcebergError(
                .invalidUpdate, "-1 means the one added last, and none was added", ["what": what])
        }
        return last
    }
}

extension DataType {
    /// Parts of nested types have ids of their own, by which they are compared.
    fileprivate func isSameKind(as other: DataType) -> Bool {
        switch (self, other) {
        case (.structure, .structure), (.list, .list), (.map, .map): true
        default: self == other
        }
    }
}
