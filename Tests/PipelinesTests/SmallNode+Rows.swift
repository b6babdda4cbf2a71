import Blobs
import Catalogs
import Columnar
import Tables
import Testing

@testable import Pipelines

/// What is in a node's tables and files.
extension SmallNode {
    func ids(_ namespace: String, _ name: String) async throws -> [Int64] {
        try await values(namespace, name, "id").compactMap {
            if case .long(let id) = $0 { id } else { nil }
        }.sorted()
    }

    func values(_ namespace: String, _ name: String, _ column: String) async throws -> [Scalar] {
        let table = try await table(namespace, name)
        let tables = service.resources.tables
        let plan = try TableReader(
            metadata: table.metadata, store: tables.store, caches: tables.caches
        ).plan()
        var found: [Scalar] = []
        while let task = try await plan.next() {
            var file = try await RejectsFile(task, of: table.metadata, tables)
            while let batch = try await file.next() {
                let index = try #require(batch.schema.index(of: column))
                found += (0..<batch.rowCount).map { batch.columns[index].scalar(at: $0) }
            }
        }
        return found
    }

    /// Of the objects below `prefix`, by their keys.
    func fileLines(_ prefix: String) async throws -> [String: [String]] {
        var lines: [String: [String]] = [:]
        let entries = try await store.list(bucket: "lake", prefix: prefix, after: nil, limit: 1000).entries
        for (key, _) in entries {
            let bytes = try await store.read(BlobPath(bucket: "lake", key: key))
            lines[key] = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
        }
        return lines
    }
}
