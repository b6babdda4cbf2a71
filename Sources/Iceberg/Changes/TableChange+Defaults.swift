extension TableChange {
    /// Whether the default spec and order are about columns the current schema has; asked at the end, since a commit
    /// that replaces a table brings its schema before them.
    func checkDefaults() throws(IcebergError) {
        guard let schema = metadata.schema(withID: metadata.currentSchemaID) else { return }
        if let spec = metadata.spec(withID: metadata.defaultSpecID) {
            do { try spec.validate(against: schema) } catch {
                try withoutOldFlaws(spec).validate(against: schema)
            }
        }
        if let order = metadata.sortOrder(withID: metadata.defaultSortOrderID) {
            do { try order.validate(against: schema) } catch {
                try withoutOldFlaws(order).validate(against: schema)
            }
        }
    }

    /// A field that never fitted, of a table somebody else made, is no reason against a change that leaves it as it is.
    private func withoutOldFlaws(_ spec: PartitionSpec) -> PartitionSpec {
        guard let base, base.defaultSpec == spec else { return spec }
        var sound = spec
        sound.fields.removeAll { field in
            isRefused { () throws(IcebergError) in
                try PartitionSpec(fields: [field]).validate(against: base.currentSchema)
            }
        }
        return sound
    }

    private func withoutOldFlaws(_ order: SortOrder) -> SortOrder {
        guard let base, base.defaultSortOrder == order else { return order }
        var sound = order
        sound.fields.removeAll { field in
            isRefused { () throws(IcebergError) in
                try SortOrder(orderID: order.orderID, fields: [field]).validate(against: base.currentSchema)
            }
        }
        return sound
    }

    private func isRefused(_ check: () throws(IcebergError) -> Void) -> Bool {
        do throws(IcebergError) {
            try check()
            return false
        } catch {
            return true
        }
    }
}
