import Blobs
import Columnar
import Faults
import FileFormats
import Iceberg
import Scheduling

extension TableCheck {
    /// One live file: there, as large as told, with the rows told, and its columns within their bounds.
    mutating func check(_ file: DataFile, at path: BlobPath, manifest: String) async throws {
        report.files += 1
        let uri = file.path
        let reader: any BlobReader
        do {
            reader = try await store.open(path)
        } catch let error as BlobsError where error.code == .notFound {
            return report.add(.fileMissing, uri, "the file is missing")
        }
        if reader.info.size != file.fileSize {
            report.add(
                .fileSize, uri,
                "the file has \(reader.info.size) bytes, manifest \(manifest) says \(file.fileSize)")
        }
        guard file.format == "PARQUET" else { return }
        do {
            let parquet = try await ParquetFile.open(reader)
            if Int64(parquet.rowCount) != file.recordCount {
                report.add(
                    .recordCount, uri,
                    "the file has \(parquet.rowCount) rows, manifest \(manifest) says \(file.recordCount)")
            }
            if readsData, file.content == .data { try await checkColumns(parquet, file, uri) }
        } catch let error as FileFormatsError {
            report.add(.fileUnreadable, uri, error.message)
        } catch let error as BlobsError where error.code == .rangeInvalid {
            report.add(.fileUnreadable, uri, error.message)
        }
    }

    /// What of one column the rows show.
    private struct Seen {
        var nulls: Int64 = 0
        var lower: Scalar?
        var upper: Scalar?
    }

    private mutating func checkColumns(_ parquet: ParquetFile, _ file: DataFile, _ uri: String) async throws {
        let fields = metadata.currentSchema.fields.filter { field in
            guard let id = field.id, !field.type.isNested, parquet.has(field) else { return false }
            return file.lowerBounds?[id] != nil || file.upperBounds?[id] != nil || file.nullCounts?[id] != nil
        }
        if fields.isEmpty { return }
        var seen = Array(repeating: Seen(), count: fields.count)
        for group in 0..<parquet.rowGroupCount {
            try cancellation.check()
            for batch in try await parquet.read(rowGroup: group, fields: fields) {
                for (index, column) in batch.columns.enumerated() {
                    look(at: column, rowCount: batch.rowCount, &seen[index])
                }
            }
        }
        for (field, seen) in zip(fields, seen) { compare(field, seen, file, uri) }
    }

    private func look(at column: Column, rowCount: Int, _ seen: inout Seen) {
        for row in 0..<rowCount {
            let value = column.scalar(at: row)
            if value.isNull {
                seen.nulls += 1
            } else if !ScalarOrder.isNaN(value) {
                if seen.lower == nil || isBelow(value, seen.lower) { seen.lower = value }
                if seen.upper == nil || isBelow(seen.upper, value) { seen.upper = value }
            }
        }
    }

    private mutating func compare(_ field: Field, _ seen: Seen, _ file: DataFile, _ uri: String) {
        guard let id = field.id else { return }
        if let told = file.nullCounts?[id], told != seen.nulls {
            report.add(
                .columnBounds, uri, "column \(field.name) has \(seen.nulls) nulls, the manifest says \(told)")
        }
        if isBelow(seen.lower, bound(file.lowerBounds?[id], field.type)) {
            report.add(.columnBounds, uri, "column \(field.name) has values below its lower bound")
        }
        if isBelow(bound(file.upperBounds?[id], field.type), seen.upper) {
            report.add(.columnBounds, uri, "column \(field.name) has values above its upper bound")
        }
    }

    /// Version 3: every live data file has row ids of its own, all below the next one.
    mutating func checkRowIDs() {
        guard metadata.formatVersion > 2 else { return }
        let owners = files.values.map(\.file)
            .filter { $0.content == .data && $0.firstRowID != nil }
            .sorted { ($0.firstRowID ?? 0, $0.path) < ($1.firstRowID ?? 0, $1.path) }
        var last: (end: Int64, path: String)?
        for file in owners {
            let first = file.firstRowID ?? 0
            let (sum, isTooLarge) = first.addingReportingOverflow(file.recordCount)
            let end = isTooLarge ? .max : sum
            if first < 0 || isTooLarge || end > metadata.nextRowID {
                report.add(
                    .rowIDs, file.path,
                    "row ids from \(first) for \(file.recordCount) rows reach the table's next, \(metadata.nextRowID)"
                )
            }
            if let last, last.end > first {
                report.add(.rowIDs, file.path, "the file shares row ids with \(last.path)")
            }
            if end >= last?.end ?? .min { last = (end, file.path) }
        }
    }
}
