import Blobs
import Faults
import FileFormats
import Iceberg

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
        if file.isVector {
            if readsData { try await checkVector(file, reader) }
            return
        }
        guard file.format == "PARQUET" else { return }
        do {
            let parquet = try await ParquetFile.open(reader)
            if Int64(parquet.rowCount) != file.recordCount {
                report.add(
                    .recordCount, uri,
                    "the file has \(parquet.rowCount) rows, manifest \(manifest) says \(file.recordCount)")
            }
            guard readsData else { return }
            switch file.content {
            case .data: try await checkRows(parquet, file)
            case .positionDeletes: try await checkPositions(parquet, file)
            case .equalityDeletes: return
            }
        } catch let error as FileFormatsError {
            report.add(.fileUnreadable, uri, error.message)
        } catch let error as IcebergError {
            report.add(.fileUnreadable, uri, error.message)
        } catch let error as BlobsError where error.code == .rangeInvalid {
            report.add(.fileUnreadable, uri, error.message)
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
