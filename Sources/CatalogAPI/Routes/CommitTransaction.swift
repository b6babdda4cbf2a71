import Catalogs
import JSONText
import Wire

extension CatalogAPI {
    /// `POST …/transactions/commit` with `{"table-changes": [{"identifier": …, "requirements": […], "updates": […]}]}`.
    ///
    /// All or nothing. 204, 400, 404, 409.
    func commitTransaction(_ context: CatalogContext) async throws -> Response {
        var commits = try await context.decodedBody { [warehouse = context.warehouse] body, size in
            try body.requiredArray("table-changes").map { change in
                let change = try RequestObject(change, of: "table-changes")
                var commit = try TableCommit(change, of: nil, in: warehouse)
                commit.requestBytes = size
                return commit
            }
        }
        for commit in commits { try context.requireWrite(commit.identifier) }
        for index in commits.indices { commits[index].claim = try context.requirePlaces(of: commits[index]) }
        try await catalog.commit(commits)
        return Response(status: 204)
    }
}
