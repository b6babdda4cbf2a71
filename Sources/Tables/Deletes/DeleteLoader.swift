package import Blobs
import Columnar
package import FileFormats
package import Iceberg
package import Scheduling

/// Reads the delete files that a scan's tasks need, those of several files once.
///
/// What it holds is reserved in the query's memory. Decoded position deletes also stay in the table caches, which have
/// their own bound.
package final class DeleteLoader: Sendable {
    /// Larger vectors and delete files are refused.
    private static let byteLimit: Int64 = 1 << 30

    private let metadata: TableMetadata
    private let store: any BlobStore
    private let caches: TableCaches
    private let footers: ParquetFooterCache
    private let memory: MemoryBudget?
    private let workers: Workers
    private let positionLoads = SharedLoads<BlobPath, Held<PositionDeletes>>()
    private let equalityLoads = SharedLoads<EqualityScope.Key, Held<EqualityDeletes>>()

    /// A value and the memory it takes.
    private struct Held<Value: Sendable>: Sendable {
        var value: Value
        var reservation: MemoryReservation?
    }

    package init(
        metadata: TableMetadata, store: any BlobStore, caches: TableCaches, footers: ParquetFooterCache,
        memory: MemoryBudget? = nil, workers: Workers = Workers(nil)
    ) {
        self.metadata = metadata
        self.store = store
        self.caches = caches
        self.footers = footers
        self.memory = memory
        self.workers = workers
    }

    /// The deleted rows of the task's file; nil when there are none for sure.
    ///
    /// - Errors: `TAB-104` with the cause; `SCH-202` when the deletes need more memory than the query may use.
    package func rows(of task: ScanTask) async throws -> RowDeletes? {
        if task.deletes.isEmpty { return nil }
        var positions: [PositionSet] = []
        var reservations: [MemoryReservation?] = []
        if let vector = task.deletes.vector {
            let held = try await self.vector(vector)
            positions.append(held.value)
            reservations.append(held.reservation)
        }
        for delete in task.deletes.positions {
            // What is about this file only is nobody else's.
            let held =
                delete.hasOneTarget
                ? try await positionDeletes(delete)
                : try await positionLoads.value(delete.path) { try await self.positionDeletes(delete) }
            reservations.append(held.reservation)
            if let set = held.value.sets[task.path] { positions.append(set) }
        }
        var equality: [EqualityDeletes] = []
        for scope in task.deletes.equality {
            let held = try await equalityLoads.value(scope.key) { try await self.equalityDeletes(scope) }
            equality.append(held.value)
        }
        if positions.isEmpty, equality.isEmpty { return nil }
        return try RowDeletes(
            positions: positions, equality: equality,
            keyFields: equalityFields(Set(equality.flatMap(\.fieldIDs)).sorted()),
            sequenceNumber: task.sequenceNumber, reservations: reservations.compactMap { $0 })
    }

    private func hold<Value: Sendable>(_ value: Value, bytes: Int) throws -> Held<Value> {
        Held(value: value, reservation: try memory?.reserve(bytes, for: "deletes of a table"))
    }

    private func unreadable(_ delete: DeleteFile, _ error: any Error) -> any Error {
        if error is SchedulingError { return error }
        return TablesError(
            .deletesUnreadable, "a delete file cannot be read", ["path": delete.file.path], cause: error)
    }

    private func vector(_ delete: DeleteFile) async throws -> Held<PositionSet> {
        do {
            let reader = try await store.open(delete.path)
            let offset = delete.file.contentOffset ?? -1
            let size = delete.file.contentSize ?? -1
            guard offset >= 0, size >= 0, size <= Self.byteLimit, offset <= reader.info.size,
                size <= reader.info.size - offset
            else {
                throw TablesError(
                    .deletesUnreadable, "a deletion vector lies outside its file",
                    ["offset": offset, "bytes": size, "file": reader.info.size])
            }
            // The bytes and the set made of them.
            let reservation = try memory?.reserve(Int(size) * 4, for: "a deletion vector")
            let bytes = try await reader.read([offset..<(offset + size)])[0]
            let set = try await workers.run { try DeletionVector.decode(bytes) }
            guard set.count == delete.file.recordCount else {
                throw TablesError(
                    .deletesUnreadable, "a deletion vector has another number of rows than its manifest says",
                    ["found": set.count, "expected": delete.file.recordCount])
            }
            try reservation?.resize(to: set.byteCount)
            return Held(value: set, reservation: reservation)
        } catch { throw unreadable(delete, error) }
    }

    private func positionDeletes(_ delete: DeleteFile) async throws -> Held<PositionDeletes> {
        do {
            let reader = try await store.open(delete.path)
            let key = TableCaches.Key(delete.path, reader.info)
            if let known = caches.positionDeletes.find(key) {
                return try hold(known, bytes: known.byteCount)
            }
            var builder = PositionDeletes.Builder()
            let reservation = try memory?.reserve(0, for: "position deletes")
            try await read(delete, reader, PositionDeletes.fields) { batch in
                try builder.add(batch)
                try reservation?.resize(to: builder.byteCount)
            }
            let deletes = try builder.finish()
            try reservation?.resize(to: deletes.byteCount)
            caches.positionDeletes.insert(deletes, for: key, cost: deletes.byteCount)
            return Held(value: deletes, reservation: reservation)
        } catch { throw unreadable(delete, error) }
    }

    private func equalityDeletes(_ scope: EqualityScope) async throws -> Held<EqualityDeletes> {
        let fields = try equalityFields(scope.key.fieldIDs)
        let paths = try ColumnPath.all(scope.key.fieldIDs, in: fields)
        let types = try scope.key.fieldIDs.map { try field(withID: $0).type }
        var deletes = EqualityDeletes(fieldIDs: scope.key.fieldIDs, types: types)
        let reservation = try memory?.reserve(0, for: "equality deletes")
        for file in scope.files {
            do {
                let reader = try await store.open(file.path)
                try await read(file, reader, fields) { batch in
                    deletes.add(
                        paths.map { $0.column(in: batch) }, rowCount: batch.rowCount,
                        sequenceNumber: file.sequenceNumber)
                    try reservation?.resize(to: deletes.byteCount)
                }
            } catch { throw unreadable(file, error) }
        }
        return Held(value: deletes, reservation: reservation)
    }

    private func read(
        _ delete: DeleteFile, _ reader: any BlobReader, _ fields: [Field], _ body: (Batch) throws -> Void
    ) async throws {
        guard reader.info.size <= Self.byteLimit else {
            throw TablesError(
                .deletesUnreadable, "the delete file is too large",
                ["bytes": reader.info.size, "limit": Self.byteLimit])
        }
        let file = try await ParquetFile.open(reader, path: delete.path, cache: footers)
        if let lacking = fields.first(where: { !file.has($0) }) {
            throw TablesError(.deletesUnreadable, "a delete file lacks a column", ["column": lacking.name])
        }
        let allowance = try memory.map { try ReadAllowance($0, file: delete.path.uri) }
        for group in file.rowGroups where group.rowCount > 0 {
            let data = try await file.fetch(rowGroup: group.index, fields: fields) {
                try allowance?.fetch($0)
            }
            let batches = try await workers.run {
                try RowGroupDecoder(data, reserve: { try allowance?.hold($0) }).rest()
            }
            for batch in batches { try body(batch) }
        }
    }

    private func field(withID id: Int) throws(TablesError) -> Field {
        guard let field = metadata.fieldInAnySchema(withID: id), !field.type.isNested else {
            throw TablesError(
                .manifestUnreadable, "equality deletes compare a column that no schema of the table has",
                ["field-id": id])
        }
        return field
    }

    /// The columns as top-level fields; one inside structs comes alone in its structs.
    private func equalityFields(_ ids: [Int]) throws(TablesError) -> [Field] {
        var fields: [Field] = []
        for id in ids {
            let schemas = [metadata.currentSchema] + metadata.schemas.reversed()
            guard let field = schemas.lazy.compactMap({ $0.fields.pruned(to: id) }).first else {
                _ = try field(withID: id)
                throw TablesError(
                    .manifestUnreadable, "equality deletes compare a column inside a list or map",
                    ["field-id": id])
            }
            fields.append(field)
        }
        return fields
    }
}
