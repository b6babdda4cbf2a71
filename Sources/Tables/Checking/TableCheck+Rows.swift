import Columnar
import FileFormats
import Iceberg
import Scheduling

extension TableCheck {
    /// What of one column the rows show.
    private struct Seen {
        var nulls: Int64 = 0
        var nans: Int64 = 0
        var lower: Scalar?
        var upper: Scalar?
    }

    /// A partition value and where its source lies among what is read.
    private struct Claim {
        var field: PartitionField
        var told: Scalar
        var source: ColumnPath
        /// The first value that belongs elsewhere.
        var other: Scalar?
    }

    /// Every row of a data file: its columns within their bounds and counted right, and all in the file's partition.
    mutating func checkRows(_ file: ParquetFile, _ told: DataFile) async throws {
        let parquet = file.resolved(names: try FileColumns.names(of: metadata), missing: [:])
        let columns = metadata.currentSchema.fields.filter { field in
            guard let id = field.id, !field.type.isNested, parquet.has(field) else { return false }
            return told.lowerBounds?[id] != nil || told.upperBounds?[id] != nil
                || [told.valueCounts, told.nullCounts, told.nanCounts].contains { $0?[id] != nil }
        }
        var sources: [Field] = []
        var claims = try claims(told, parquet, after: columns.count, &sources)
        if columns.isEmpty, claims.isEmpty { return }
        var seen = Array(repeating: Seen(), count: columns.count)
        for group in 0..<parquet.rowGroupCount {
            try cancellation.check()
            for batch in try await parquet.read(rowGroup: group, fields: columns + sources) {
                for index in columns.indices {
                    look(at: batch.columns[index], rowCount: batch.rowCount, &seen[index])
                }
                for index in claims.indices { try look(at: batch, &claims[index]) }
            }
        }
        for (field, seen) in zip(columns, seen) { compare(field, seen, told, rowCount: parquet.rowCount) }
        for claim in claims {
            guard let other = claim.other else { continue }
            report.add(
                .partitionValue, told.path,
                "rows have \(claim.field.name)=\(other), the manifest says \(claim.told)")
        }
    }

    /// What a file's partition says of columns that the file has; their fields are added to `sources`.
    private func claims(
        _ file: DataFile, _ parquet: ParquetFile, after count: Int, _ sources: inout [Field]
    ) throws -> [Claim] {
        guard let spec = metadata.spec(withID: file.specID) else { return [] }
        var claims: [Claim] = []
        for (field, told) in zip(spec.fields, file.partition) {
            let schemas = [metadata.currentSchema] + metadata.schemas.reversed()
            guard let leaf = metadata.fieldInAnySchema(withID: field.sourceID), parquet.hasLeaf(leaf),
                field.transform != .void, field.transform.isKnown,
                field.transform.resultType(of: leaf.type) != nil,
                let source = schemas.lazy.compactMap({ $0.fields.pruned(to: field.sourceID) }).first,
                let path = ColumnPath(to: field.sourceID, in: [source])
            else { continue }
            claims.append(
                Claim(field: field, told: told, source: path.moved(by: count + sources.count)))
            sources.append(source)
        }
        return claims
    }

    private func look(at batch: Batch, _ claim: inout Claim) throws {
        if claim.other != nil || batch.rowCount == 0 { return }
        let images = try claim.field.transform.apply(to: claim.source.column(in: batch))
        for row in 0..<batch.rowCount {
            let image = images.scalar(at: row)
            if !claim.field.transform.mayName(claim.told, rowsOf: image) {
                claim.other = image
                return
            }
        }
    }

    private func look(at column: Column, rowCount: Int, _ seen: inout Seen) {
        for row in 0..<rowCount {
            let value = column.scalar(at: row)
            if value.isNull {
                seen.nulls += 1
            } else if ScalarOrder.isNaN(value) {
                seen.nans += 1
            } else {
                if seen.lower == nil || isBelow(value, seen.lower) { seen.lower = value }
                if seen.upper == nil || isBelow(seen.upper, value) { seen.upper = value }
            }
        }
    }

    private mutating func compare(_ field: Field, _ seen: Seen, _ file: DataFile, rowCount: Int) {
        guard let id = field.id else { return }
        func wrong(_ text: String) {
            report.add(.columnBounds, file.path, "column \(field.name) has \(text)")
        }
        let counts = [
            ("values", file.valueCounts, Int64(rowCount)), ("nulls", file.nullCounts, seen.nulls),
            ("NaNs", file.nanCounts, seen.nans),
        ]
        for (name, all, actual) in counts {
            if let told = all?[id], told != actual {
                wrong("\(actual) \(name), the manifest says \(told)")
            }
        }
        if isBelow(seen.lower, bound(file.lowerBounds?[id], field.type)) {
            wrong("values below its lower bound")
        }
        if isBelow(bound(file.upperBounds?[id], field.type), seen.upper) {
            wrong("values above its upper bound")
        }
    }
}
