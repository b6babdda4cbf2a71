import Columnar

/// Finds the columns that a client names, with or without regard to case.
package struct FieldNames: Sendable {
    private var places: [String: [FieldPlace]] = [:]
    private let byID: [Int: FieldPlace]
    private let isCaseSensitive: Bool

    package init(_ schema: IcebergSchema, caseSensitive: Bool) {
        isCaseSensitive = caseSensitive
        let all = schema.allFields
        for place in all {
            places[caseSensitive ? place.path : place.path.lowercased(), default: []].append(place)
        }
        byID = all.reduce(into: [:]) { found, place in
            if let id = place.field.id { found[id] = place }
        }
    }

    /// `employer.contact_info.address.zip_code`
    ///
    /// - Errors: `ICE-111` when there is no such column, or several that differ in case only.
    package func place(named name: String) throws(IcebergError) -> FieldPlace {
        let found = places[isCaseSensitive ? name : name.lowercased()] ?? []
        guard let first = found.first else {
            throw IcebergError(.invalidScan, "the schema has no such column", ["column": name])
        }
        guard found.count == 1 else {
            throw IcebergError(
                .invalidScan, "several columns have this name but for its case", ["column": name])
        }
        return first
    }

    /// - Errors: `ICE-111`.
    package func place(withID id: Int) throws(IcebergError) -> FieldPlace {
        guard let place = byID[id] else {
            throw IcebergError(.invalidScan, "the schema has no column of this id", ["id": id])
        }
        return place
    }
}
