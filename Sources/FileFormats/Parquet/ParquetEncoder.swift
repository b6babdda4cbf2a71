package import Columnar
import Synchronization

/// Turns batches into the bytes of a Parquet file; no I/O.
///
/// Rows are kept, encoded and compressed, until their row group is full. Columns are encoded by what the first rows
/// show: a dictionary where values repeat, deltas for integers that do not.
///
/// - Threads: any, one call at a time for a meaningful order.
package final class ParquetEncoder: Sendable {
    private struct State: ~Copyable {
        var handle: ParquetWriterHandle?
        var rowCount = 0
        var rowsInGroup = 0
        var takenBytes = 0
        /// Of rows in the open group, before encoding.
        var groupBytes = 0
        var nanCounts: [Int: Int] = [:]
        /// The first rows, until there are enough of them to choose the columns' encodings.
        var sample: [Batch] = []
        var sampleBytes = 0
        var isFinished = false
    }

    /// So many rows show how often values repeat; batches of a quiet stream have far fewer.
    private static let sampleRows = 4096

    package let schema: Schema
    private let options: ParquetWriteOptions
    private let state = Mutex(State())

    package init(schema: Schema, options: ParquetWriteOptions = ParquetWriteOptions()) {
        self.schema = schema
        self.options = options
    }

    /// How large the file would be if it ended now: exact for finished row groups, a guess for the open one.
    package var estimatedFileSize: Int {
        // Rows shrink about fourfold on their way; only rolling files depends on it.
        state.withLock { $0.takenBytes + ($0.groupBytes + $0.sampleBytes) / 4 }
    }

    /// Memory that rows of the open row group take, about: encoded pages, and what libparquet gathers for the next ones.
    package var heldBytes: Int { state.withLock { $0.groupBytes / 2 + $0.sampleBytes } }

    package var rowCount: Int { state.withLock { $0.rowCount } }

    /// Takes a batch of the encoder's schema; answers bytes of the file that are final, often none.
    package func encode(_ batch: Batch) throws(FileFormatsError) -> [UInt8] {
        let result = state.withLock { state in
            Result { () throws(FileFormatsError) in try encode(batch.dense(), &state) }
        }
        return try result.get()
    }

    private func encode(_ batch: Batch, _ state: inout State) throws(FileFormatsError) -> [UInt8] {
        precondition(batch.columns.count == schema.count, "a batch of another schema")
        precondition(!state.isFinished, "rows after a file's end")
        for (field, column) in zip(schema.fields, batch.columns) { try RequiredCheck.check(column, field) }
        for (field, column) in zip(schema.fields, batch.columns) {
            NaNCount.add(column, field, to: &state.nanCounts)
        }
        state.rowCount += batch.rowCount
        if batch.rowCount == 0 { return [] }
        if state.handle == nil {
            state.sample.append(batch)
            state.sampleBytes += batch.approximateBytes
            return state.rowCount < Self.sampleRows ? [] : try begin(&state)
        }
        return try append([batch], &state)
    }

    /// Opens the file and writes the rows that waited for it.
    private func begin(_ state: inout State) throws(FileFormatsError) -> [UInt8] {
        let sample = state.sample
        let encodings =
            sample.isEmpty ? [] : EncodingChoice.choose(schema, Batch.concatenate(sample, schema: schema))
        state.handle = try ParquetWriterHandle(schema: schema, options: options, encodings: encodings)
        state.sample = []
        state.sampleBytes = 0
        return try append(sample, &state)
    }

    private func append(_ batches: [Batch], _ state: inout State) throws(FileFormatsError) -> [UInt8] {
        guard var handle = state.handle.take() else {
            throw FileFormatsError(.internalFailure, "a Parquet file is written before it is begun")
        }
        do {
            for batch in batches { try append(batch, &handle, &state) }
            let bytes = handle.take()
            state.takenBytes += bytes.count
            state.handle = consume handle
            return bytes
        } catch {
            state.handle = consume handle
            throw error
        }
    }

    private func append(
        _ batch: Batch, _ handle: inout ParquetWriterHandle, _ state: inout State
    ) throws(FileFormatsError) {
        let rowBytes = options.rowGroupBytes == nil ? 1 : max(1, batch.approximateBytes / batch.rowCount)
        var start = 0
        while start < batch.rowCount {
            let count = min(
                batch.rowCount - start, max(1, room(behind: state.rowsInGroup, state.groupBytes, rowBytes)))
            let part = batch.slice(start..<start + count)
            try handle.write(part)
            start += count
            state.rowsInGroup += count
            state.groupBytes += part.approximateBytes
            if room(behind: state.rowsInGroup, state.groupBytes, rowBytes) <= 0 {
                try handle.endGroup()
                state.rowsInGroup = 0
                state.groupBytes = 0
            }
        }
    }

    /// How many rows of this size the open row group has room for.
    private func room(behind rows: Int, _ bytes: Int, _ rowBytes: Int) -> Int {
        let left = options.rowGroupRows - rows
        return options.rowGroupBytes.map { min(left, ($0 - bytes) / rowBytes) } ?? left
    }

    /// Ends the file: its last bytes, and what it holds. A file without rows is a file.
    package func finish() throws(FileFormatsError) -> (bytes: [UInt8], result: ParquetWriteResult) {
        let result = state.withLock { state in
            Result { () throws(FileFormatsError) -> ([UInt8], ParquetWriteResult) in
                precondition(!state.isFinished, "a file ends twice")
                state.isFinished = true
                var bytes = state.handle == nil ? try begin(&state) : []
                guard var handle = state.handle.take() else {
                    throw FileFormatsError(.internalFailure, "a Parquet file is finished before it is begun")
                }
                let footer = try handle.finish()
                let tail = handle.take()
                state.takenBytes += tail.count
                bytes += tail
                let metrics = try MetricsReader(footer: footer, schema: schema, nanCounts: state.nanCounts)
                    .read()
                return (
                    bytes,
                    ParquetWriteResult(
                        fileSize: state.takenBytes, rowCount: state.rowCount, columnMetrics: metrics,
                        splitOffsets: footer.rowGroups.compactMap { $0.chunks.map(\.offset).min() })
                )
            }
        }
        return try result.get()
    }
}

/// Chooses how columns are encoded from a sample of their values.
enum EncodingChoice {
    /// Fewer rows say little; then a dictionary, which gives itself up when it grows.
    private static let minimumSample = 256

    static func choose(_ schema: Schema, _ sample: Batch) -> [ParquetWriterHandle.ColumnEncoding] {
        zip(schema.fields, sample.columns).compactMap { field, column in
            if field.type.isNested || field.type == .boolean { return nil }
            let isMostlyDistinct = isMostlyDistinct(column)
            return ParquetWriterHandle.ColumnEncoding(
                path: field.name, hasDictionary: !isMostlyDistinct,
                isDelta: isMostlyDistinct && isStoredAsInteger(field.type))
        }
    }

    private static func isStoredAsInteger(_ type: DataType) -> Bool {
        type.physical == .int32 || type.physical == .int64
    }

    /// Whether more than half of the values differ: then a dictionary only adds to the file.
    private static func isMostlyDistinct(_ column: Column) -> Bool {
        switch column.values {
        case .constant, .dictionary: return false
        default: break
        }
        let present = column.count - column.nullCount
        guard present >= minimumSample else { return false }
        return distinctCount(column) > present / 2
    }

    private static func distinctCount(_ column: Column) -> Int {
        let rows = (0..<column.count).lazy.filter { !column.isNull($0) }
        switch column.values {
        case .int32(let items): return Set(rows.map { items[$0] }).count
        case .int64(let items): return Set(rows.map { items[$0] }).count
        case .int128(let items): return Set(rows.map { items[$0] }).count
        case .float(let items): return Set(rows.map { items[$0] }).count
        case .double(let items): return Set(rows.map { items[$0] }).count
        case .string(let items): return Set(rows.map { items.bytes(at: $0) }).count
        default: return 0
        }
    }
}

/// Refuses nulls in required columns: libparquet would write whatever their slots hold.
enum RequiredCheck {
    /// - Parameter isPresent: Rows of the struct around the column that are not null; nil for all.
    static func check(
        _ column: Column, _ field: Field, isPresent: Bitmap? = nil
    ) throws(FileFormatsError) {
        if field.isRequired, column.nullCount > 0 {
            let isNullWhereItMustNot = (0..<column.count).contains { row in
                column.isNull(row) && (isPresent.map { $0[row] } ?? true)
            }
            if isNullWhereItMustNot {
                throw FileFormatsError(
                    .nullInRequired, "a required column has a null", ["column": field.name])
            }
        }
        guard field.type.isNested else { return }
        let column = column.flattened()
        switch (field.type, column.values) {
        case (.structure(let fields), .structure(let columns)):
            let present = intersect(isPresent, column.validity)
            for (field, column) in zip(fields, columns) { try check(column, field, isPresent: present) }
        case (.list(let field), .list(_, let element)): try check(element, field)
        case (.map(let keyField, let valueField), .map(_, let keys, let values)):
            try check(keys, keyField)
            try check(values, valueField)
        default: return
        }
    }
}

/// Counts NaN, which Parquet's statistics leave out.
enum NaNCount {
    static func add(_ column: Column, _ field: Field, to counts: inout [Int: Int]) {
        switch (field.type, column.flattened().values) {
        case (.float, .float(let items)):
            guard let id = field.id else { return }
            counts[id, default: 0] += count(column) { items[$0].isNaN }
        case (.double, .double(let items)):
            guard let id = field.id else { return }
            counts[id, default: 0] += count(column) { items[$0].isNaN }
        case (.structure(let fields), .structure(let columns)):
            for (field, column) in zip(fields, columns) { add(column, field, to: &counts) }
        case (.list(let field), .list(_, let element)): add(element, field, to: &counts)
        case (.map(let key, let value), .map(_, let keys, let values)):
            add(keys, key, to: &counts)
            add(values, value, to: &counts)
        default: return
        }
    }

    private static func count(_ column: Column, _ isNaN: (Int) -> Bool) -> Int {
        (0..<column.count).count { isNaN($0) && !column.isNull($0) }
    }
}

extension Batch {
    fileprivate var approximateBytes: Int { columns.reduce(0) { $0 + $1.approximateBytes } }
}

extension Column {
    /// Bytes of the values as they lie in memory, dictionaries and heaps counted by what rows use of them.
    fileprivate var approximateBytes: Int {
        switch values {
        case .boolean: count / 8
        case .int32, .float: count * 4
        case .int64, .double: count * 8
        case .int128, .interval: count * 16
        case .string(let items): items.views.reduce(0) { $0 + $1.length + 4 }
        case .list(_, let element): count * 4 + element.approximateBytes
        case .map(_, let keys, let values): count * 4 + keys.approximateBytes + values.approximateBytes
        case .structure(let fields): fields.reduce(0) { $0 + $1.approximateBytes }
        case .constant: largeTextBytes ?? 0
        case .dictionary: largeTextBytes ?? count * 4
        }
    }

    /// Of texts that no dictionary page takes; short ones vanish in one.
    private var largeTextBytes: Int? {
        let bytes = writtenByteCount
        return bytes > count * 4096 ? bytes : nil
    }
}
