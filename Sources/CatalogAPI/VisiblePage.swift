import Catalogs

extension CatalogContext {
    /// The part of a listing that the caller may know of. Where the page ends is told by a name it may know, too.
    ///
    /// - Cost: reads on over what the caller may not know, a page at a time.
    func visible<Entry: Sendable>(
        _ request: PageRequest, key: (Entry) -> String, mayKnow: (Entry) -> Bool,
        load: (PageRequest) async throws -> Page<Entry>
    ) async throws -> Page<Entry> {
        var next = request
        var found: [Entry] = []
        while true {
            let page = try await load(next)
            found += page.entries.filter(mayKnow)
            guard case .part(_, let size) = request, let token = page.nextToken, found.count <= size else {
                return Page(found, for: request, key: key)
            }
            next = .part(after: try PageToken.decode(token), size: size)
        }
    }
}
