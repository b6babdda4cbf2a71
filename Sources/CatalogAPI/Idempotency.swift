import Catalogs
import Effects
import Faults
import Iceberg
import Identity
import JSONText
import Signing
import Wire

extension CatalogAPI {
    /// Runs the route, or answers as before when the request's `Idempotency-Key` is known.
    ///
    /// Answers of success and refusals that depend only on the catalog are final; what failed on our side, lacked rights
    /// or came too often is not, and is run again.
    ///
    /// - Errors: `CTA-105`; `CAT-208` when the key came with another request.
    func answer(_ context: CatalogContext, by route: CatalogRoute) async throws -> Response {
        let run = route.handler(self)
        guard route.isRepeatable, let text = context.request.headers["idempotency-key"] else {
            return try await run(context)
        }
        guard let key = UniqueID(text), text.utf8.count == 36, key.high >> 12 & 0xF == 7, key.low >> 62 == 2
        else {
            throw CatalogAPIError(
                .malformedKey, "an idempotency key is a UUID of version 7", ["idempotency-key": text])
        }
        let bytes = try await context.bodyBytes()
        let context = context.with(body: bytes)
        let request = RepeatableRequest(
            principal: context.principal.tokenID, operation: Self.operation(context, route),
            key: key.description, hash: SHA256.hash(bytes))
        let repetition = try await catalog.once(request, refusal: Self.finalRefusal) {
            try await run(context)
        }
        switch repetition {
        case .done(let response): return response
        case .repeated(let answer): return try await repeated(answer, context, route)
        }
    }

    /// The route, what its braces stood for, and the query: the base path may be another one of the same warehouse.
    private static func operation(_ context: CatalogContext, _ route: CatalogRoute) -> String {
        let parameters = context.request.rawParameters
            .filter { !["prefix", "account", "bucket"].contains($0.key) }
            .sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        let query = context.request.target.queryItems.map { "\($0.name)=\($0.value)" }.sorted()
        return
            ([route.endpoint, context.warehouse.id] + parameters + query).joined(separator: " ")
    }

    /// Nil for errors after which the same request may have another answer.
    private static func finalRefusal(_ error: any Error) -> RecordedAnswer? {
        if (error as? CatalogError)?.code == .commitContended { return nil }
        let (status, body) = CatalogErrorBody.content(of: error)
        return [400, 404, 406, 409, 422].contains(status) ? .refusal(status: status, body) : nil
    }

    private func repeated(
        _ answer: RecordedAnswer, _ context: CatalogContext, _ route: CatalogRoute
    ) async throws -> Response {
        switch answer {
        case .nothing: return Response(status: 204)
        case .refusal(let status, let body): return CatalogErrorBody.response(status: status, body)
        case .namespace(let info): return .json(NamespaceAnswer(info).json)
        case .properties(let changes): return .json(changes.json)
        case .plan(let id, let query): return try await planAgain(id, query, context)
        case .table where route.path == "/transactions/commit": return Response(status: 204)
        case .table(let name, let location):
            let table = try await catalog.table(name, orAsAt: location, in: context.warehouse)
            let answer = TableAnswer(metadata: table.metadata, metadataLocation: table.metadataLocation)
            let isLoad = route.path.hasSuffix("/tables") || route.path.hasSuffix("/register")
            guard isLoad else { return answer.response() }
            return try tableResponse(answer, of: name, table.isCurrent ? context : context.withoutDelegation)
        case .staged(let name, let json):
            let metadata = try TableMetadata(json: json)
            let isCurrent = try await catalog.isCurrent(staged: metadata, as: name, in: context.warehouse)
            return try tableResponse(
                TableAnswer(metadata: metadata), of: name, isCurrent ? context : context.withoutDelegation)
        case .view(let name, let location):
            return try await catalog.view(name, orAsAt: location, in: context.warehouse).response
        }
    }
}

extension NamespacePropertyChanges {
    /// `{"updated": ["b"], "removed": ["a"], "missing": []}`
    var json: JSONValue {
        ["updated": JSONValue(updated), "removed": JSONValue(removed), "missing": JSONValue(missing)]
    }
}
