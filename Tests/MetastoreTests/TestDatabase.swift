import Effects
import Faults
import Telemetry
import TestKit
import Testing

@testable import Metastore

/// The two databases the contract holds on.
enum DatabaseKind: String, CaseIterable, CustomTestStringConvertible {
    case sqlite, postgres
    var testDescription: String { rawValue }
}

/// A place of its own for each test.
struct TestDatabase {
    static let numbers = [
        ["CREATE TABLE numbers (name TEXT PRIMARY KEY, value BIGINT, half DOUBLE PRECISION, raw BLOB)"]
    ]

    let place: MetastorePlace

    init(_ kind: DatabaseKind, _ directory: TemporaryDirectory, server: PostgresForTests? = nil) throws {
        switch kind {
        case .sqlite: place = .directory(directory.path)
        case .postgres:
            let url = try (server ?? .shared()).newSchema()
            guard let address = PostgresAddress(url) else { throw MetastoreError(.unavailable, "no address") }
            place = .postgres(address)
        }
    }

    func open(
        _ versions: [[String]] = Self.numbers, limits: Metastore.Limits = Metastore.Limits(),
        metrics: MetricsRegistry = MetricsRegistry()
    ) async throws -> Metastore {
        try await Metastore.open(
            place, versions: versions, limits: limits, clock: ManualClock(), metrics: metrics)
    }
}
