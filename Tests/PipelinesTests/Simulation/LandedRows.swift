import Catalogs
import Columnar
import Iceberg
import Streams
import Tables

@testable import Pipelines

/// Reads tables as a query does: the current snapshot, its manifests, its data files.
struct LandedRows {
    let catalog: Catalog
    let tables: TableServices

    /// The ids in a sink's table, by pipeline.
    func ids(of sink: SinkDefinition) async throws -> [Int64: [Int64]] {
        guard let table = sink.table else { throw SimulationFault("\(sink.name) has no table") }
        var found: [Int64: [Int64]] = [:]
        for row in try await rows(of: table, columns: ["id", "pipeline"]) {
            guard case .long(let id) = row[0], case .long(let pipeline) = row[1] else {
                throw SimulationFault("a row without id: \(row)")
            }
            found[pipeline, default: []].append(id)
        }
        return found
    }

    /// The texts of a stream's rejects, by pipeline.
    func rejects(of stream: StreamDefinition) async throws -> [String: [String]] {
        var found: [String: [String]] = [:]
        let table = RejectsTable.identifier(of: stream)
        for row in try await rows(of: table, columns: ["raw", "pipeline"]) {
            guard case .string(let raw) = row[0], case .string(let pipeline) = row[1] else {
                throw SimulationFault("a reject without text: \(row)")
            }
            found[pipeline, default: []].append(raw)
        }
        return found
    }

    /// None where the table was never made.
    private func rows(of identifier: TableIdentifier, columns: [String]) async throws -> [[Scalar]] {
        let warehouse = try await catalog.warehouse(named: "lake")
        let table: LoadedTable
        do {
            table = try await catalog.loadTable(identifier, in: warehouse)
        } catch let error as CatalogError where [.noSuchTable, .noSuchNamespace].contains(error.code) {
            return []
        }
        let plan = try TableReader(
            metadata: table.metadata, store: tables.store, caches: tables.caches
        ).plan()
        var found: [[Scalar]] = []
        while let task = try await plan.next() {
            var file = try await RejectsFile(task, of: table.metadata, tables)
            while let batch = try await file.next() {
                let places = columns.compactMap { batch.schema.index(of: $0) }
                for row in 0..<batch.rowCount {
                    found.append(places.map { batch.columns[$0].scalar(at: row) })
                }
            }
        }
        return found
    }
}
