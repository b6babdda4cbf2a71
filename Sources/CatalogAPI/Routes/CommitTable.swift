import Catalogs
import Effects
import Iceberg
import JSONText
import Wire

extension CatalogAPI {
    /// `POST …/tables/{table}` with `{"requirements": […], "updates": […]}`: changes a table, or creates a staged one.
    ///
    /// 200, 400 for unknown or contradicting updates, 404, 409 when a requirement does not hold: reload and retry.
    func commitTable(_ context: CatalogContext) async throws -> Response {
        let table = try context.table()
        try context.requireWrite(table)
        var commit = try await context.decodedBody { [warehouse = context.warehouse] body, size in
            var commit = try TableCommit(body, of: table, in: warehouse)
            commit.requestBytes = size
            return commit
        }
        commit.claim = try context.requirePlaces(of: commit)
        guard let done = try await catalog.commit([commit]).first else {
            preconditionFailure("a commit answers with each of its tables")
        }
        var answer = TableAnswer(done)
        answer.text = try await catalog.metadataText(of: done)
        return answer.response()
    }
}

extension CatalogContext {
    /// The end of a create transaction says where the table lies, or gets the default place of the uuid it says. One that
    /// exists does not move.
    func requirePlaces(of commit: TableCommit) throws -> PlaceClaim {
        guard commit.requirements.contains(.create) else { return claim }
        var uuid: UniqueID?
        for case .assignUUID(let assigned) in commit.updates { uuid = UniqueID(assigned) }
        var claims: [PlaceClaim] = []
        for case .setLocation(let text) in commit.updates {
            claims.append(try requirePlace(text, for: commit.identifier, uuid: uuid))
        }
        return claims.last ?? claim
    }
}

extension TableCommit {
    /// - Errors: `CTA-102`; `CTA-104` when the body names another table than the path; Iceberg's.
    init(_ body: RequestObject, of table: TableIdentifier?, in warehouse: Warehouse) throws {
        let named = try body["identifier"].map { (json) throws in try TableIdentifier(json: json) }
        guard let identifier = table ?? named else {
            throw CatalogAPIError(.malformedBody, "a change names no table", ["member": "identifier"])
        }
        if let named, named != identifier {
            throw CatalogAPIError(
                .identifierMismatch, "the body names another table than the path",
                ["path": identifier, "body": named])
        }
        self.init(
            warehouse: warehouse, identifier: identifier,
            requirements: try body.requiredArray("requirements").map { (json) throws in
                try TableRequirement(json: json)
            },
            updates: try body.requiredArray("updates").map { (json) throws in try TableUpdate(json: json) })
        checksManifestLists = true
        isForeign = true
    }
}
