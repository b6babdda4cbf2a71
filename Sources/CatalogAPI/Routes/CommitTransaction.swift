import Catalogs
import JSONText
import Wire

extension CatalogAPI {
    /// `POST …/transactions/commit` with `{"table-changes": [{"identifier": …, "requirements": […], "updates": […]}]}`.
    ///
    /// All or nothing. 204, 400, 404, 409.
    func commitTransaction(_ context: CatalogContext) async throws -> Response {
        let body = RequestObject(try await context.body())
        let commits = try body.requiredArray("table-changes").map { change in
            try TableCommit(RequestObject(change, of: "table-changes"), of: nil, in: context.warehouse)
        }
        for commit in commits { try context.requireWrite(commit.identifier) }
        for commit in commits { try context.requirePlaces(of: commit) }
        try await catalog.commit(commits)
        return Response(status: 204)
    }
}
