/// Why a commit that somebody overtook stays a conflict; the reason is for the writer.
struct NotRebased: Error {
    let reason: String
    init(_ reason: String) { self.reason = reason }
}

extension CatalogError {
    /// The same conflict, with why the server could not settle it.
    func because(_ refusal: NotRebased) -> CatalogError {
        var told = self
        told.context.append((name: "not-rebased", value: refusal.reason))
        return told
    }
}
