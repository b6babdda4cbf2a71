package import Identity
import Octets

/// Finds out who makes a request, from `Authorization: Bearer VALUE`.
package struct Authenticator: Sendable {
    private let verify: @Sendable (String) async throws -> Principal

    package init(verify: @escaping @Sendable (String) async throws -> Principal) { self.verify = verify }
    package init(tokens: TokenStore) { verify = { try await tokens.verify(bearer: $0) } }

    /// - Errors: `WIR-105` without a token, `IDN-101` with a wrong one.
    package func principal(of request: Request) async throws -> Principal {
        guard let bearer = Self.bearer(of: request) else {
            throw WireError(
                .unauthenticated, "the request carries no token", hint: "send `Authorization: Bearer VALUE`")
        }
        return try await verify(bearer)
    }

    /// Nil without a bearer; schemes compare without case (RFC 9110 section 11.1).
    package static func bearer(of request: Request) -> String? {
        guard let header = request.headers["authorization"] else { return nil }
        let bytes = header.utf8.drop { $0 == UInt8(ascii: " ") }
        let end = bytes.firstIndex(of: UInt8(ascii: " ")) ?? bytes.endIndex
        guard ASCIICase.isSame(String(Substring(bytes[..<end])), "bearer") else { return nil }
        let value = String(Substring(bytes[end...].drop { $0 == UInt8(ascii: " ") }))
        return value.isEmpty ? nil : value
    }
}
