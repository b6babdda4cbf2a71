import Catalogs
import Iceberg
import Identity
import JSONText
import Wire

/// A request whose sender and warehouse are known.
struct CatalogContext: Sendable {
    let request: Request
    let principal: Principal
    let warehouse: Warehouse
    let work: CatalogWork
    /// False where the caller is told of a table and has no more right to its files.
    private(set) var mayDelegate = true

    /// The levels of the path's namespace. Between them stands U+001F; each level may hold anything else.
    func namespace() throws -> Namespace { Namespace(wire: try request.parameter("namespace")) }

    func table() throws -> TableIdentifier {
        TableIdentifier(namespace: try namespace(), name: try request.parameter("table"))
    }

    func view() throws -> TableIdentifier {
        TableIdentifier(namespace: try namespace(), name: try request.parameter("view"))
    }

    private static let bodyLimitBytes = CatalogRoute.all.map(\.bodyLimitBytes).max() ?? 0

    func bodyBytes() async throws -> [UInt8] { try await request.body.collect(limit: Self.bodyLimitBytes) }

    /// The same request with a body that is here already.
    func with(body: [UInt8]) -> CatalogContext {
        var copy = Request(
            id: request.id, method: request.method, target: request.target, headers: request.headers,
            body: RequestBody(bytes: body), peer: request.peer, cancellation: request.cancellation)
        copy.rawParameters = request.rawParameters
        return CatalogContext(request: copy, principal: principal, warehouse: warehouse, work: work)
    }

    var withoutDelegation: CatalogContext {
        var copy = self
        copy.mayDelegate = false
        return copy
    }

    /// The body as a JSON object.
    func body() async throws -> JSONObject {
        try await decodedBody { body, _ in body.object }
    }

    /// What `decode` makes of the body and its size. A long one keeps a thread of its own busy, not the server's few.
    func decodedBody<Result: Sendable>(
        _ decode: @escaping @Sendable (_ body: RequestObject, _ size: Int) throws -> Result
    ) async throws -> Result {
        let bytes = try await bodyBytes()
        return try await work.run(size: bytes.count) {
            guard case .object(let object) = try JSONParser.parse(bytes) else {
                throw CatalogAPIError(.malformedBody, "the body is no JSON object")
            }
            return try decode(RequestObject(object), bytes.count)
        }
    }

    /// `pageToken` and `pageSize`. Without a token everything is answered at once, as the specification wants it.
    ///
    /// - Errors: `CAT-204`, `CTA-101`.
    func page(_ limits: CatalogLimits) throws -> PageRequest {
        var size = limits.pageSizeDefault
        if let text = try request.query("pageSize") {
            guard let wanted = Int(text), wanted > 0 else {
                throw CatalogAPIError(
                    .malformedParameter, "pageSize is a positive number", ["pageSize": text])
            }
            size = min(wanted, limits.pageSizeMaximum)
        }
        guard let token = try request.query("pageToken") else { return .all }
        return .part(after: token.isEmpty ? nil : try PageToken.decode(token), size: size)
    }

    func requireRead(_ namespace: Namespace) throws {
        try principal.require(.catalogRead, on: .namespace(warehouse.bucket, namespace.levels))
    }

    func requireWrite(_ namespace: Namespace) throws {
        try principal.require(.catalogWrite, on: .namespace(warehouse.bucket, namespace.levels))
    }

    func requireRead(_ table: TableIdentifier) throws {
        try principal.require(.catalogRead, on: .table(warehouse.bucket, table.namespace.levels, table.name))
    }

    func requireWrite(_ table: TableIdentifier) throws {
        try principal.require(.catalogWrite, on: .table(warehouse.bucket, table.namespace.levels, table.name))
    }

    /// To be told that a namespace exists it is enough to reach something inside.
    func requireListing(_ namespace: Namespace) throws {
        if !mayList(namespace) { try requireRead(namespace) }
    }

    func mayRead(_ namespace: Namespace) -> Bool {
        principal.allows(.catalogRead, on: .namespace(warehouse.bucket, namespace.levels))
    }

    func mayList(_ namespace: Namespace) -> Bool {
        principal.mayKnow(ofNamespace: namespace.levels, inBucket: warehouse.bucket, .catalogRead)
    }

    func mayList(_ table: TableIdentifier) -> Bool {
        principal.allows(.catalogRead, on: .table(warehouse.bucket, table.namespace.levels, table.name))
    }
}

extension Scope {
    /// Whether anything in the bucket can be meant.
    func mayReach(bucket: String) -> Bool { limits[.bucket].map { $0 == bucket } ?? true }
}

extension Namespace {
    /// The separator that every client knows, whatever else a server offers.
    static let wireSeparator: Character = "\u{1F}"

    init(wire text: String) {
        self.init(
            text.split(separator: Self.wireSeparator, omittingEmptySubsequences: false).map(String.init))
    }
}

extension CatalogAPI {
    /// Who asks, and about which warehouse.
    ///
    /// A token that cannot reach a bucket gets the same answer whether there is one of that name or not.
    func context(of request: Request) async throws -> CatalogContext {
        let principal = try await authenticator.principal(of: request)
        var names: [String] = []
        if request.rawParameters["bucket"] != nil {
            names.append(try request.parameter("account") + "_" + request.parameter("bucket"))
        }
        if request.rawParameters["prefix"] != nil { names.append(try request.parameter("prefix")) }
        let warehouses = try await warehouses(names, for: principal)
        guard let warehouse = warehouses.first, warehouses.allSatisfy({ $0 == warehouse }) else {
            throw CatalogAPIError(
                .malformedParameter, "the path names two warehouses", ["names": names.joined(separator: ", ")]
            )
        }
        return CatalogContext(
            request: request, principal: principal, warehouse: warehouse, work: catalog.work)
    }

    func warehouses(_ names: [String], for principal: Principal) async throws -> [Warehouse] {
        var found: [Warehouse] = []
        for name in names {
            let bucket = name.firstIndex(of: "_").map { String(name[name.index(after: $0)...]) } ?? name
            let mayReach = principal.scopes.contains {
                $0.permission.includes(.catalogRead) && $0.mayReach(bucket: bucket)
            }
            if !mayReach { try principal.require(.catalogRead, on: .bucket(bucket)) }
            found.append(try await catalog.warehouse(named: name))
        }
        return found
    }
}
