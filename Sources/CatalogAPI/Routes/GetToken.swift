import Foundation
import JSONText
import Wire

extension CatalogAPI {
    /// `POST …/v1/oauth/tokens`: for clients that insist on the OAuth dance; the answer is the token they already have.
    ///
    /// A client secret (in the form or as HTTP basic authentication) or a subject token is a bearer value of Firn.
    /// 200, 400 for another flow, 401 for a value nobody knows; errors in OAuth's form.
    func getToken(_ request: Request) async throws -> Response {
        do {
            let form = try await Form(request.body.collect(limit: 1 << 16))
            let grant = form["grant_type"] ?? ""
            let bearer: String? =
                switch grant {
                case "client_credentials": form["client_secret"] ?? basicPassword(request)
                case "urn:ietf:params:oauth:grant-type:token-exchange": form["subject_token"]
                default:
                    throw CatalogAPIError(
                        .unsupportedGrant, "only client_credentials and token-exchange are known",
                        ["grant_type": grant])
                }
            _ = try await verify(bearer ?? "")
            return .json([
                "access_token": JSONValue(bearer ?? ""), "token_type": "bearer",
                "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
            ])
        } catch {
            let status = FaultStatus(error).status
            let isGrant = (error as? CatalogAPIError)?.code == .unsupportedGrant
            let name =
                isGrant ? "unsupported_grant_type" : status == 401 ? "invalid_client" : "invalid_request"
            return .json(
                ["error": .string(name), "error_description": .string(Envelope.publicMessage(of: error))],
                status: status)
        }
    }

    private func basicPassword(_ request: Request) -> String? {
        guard let header = request.headers["authorization"], header.lowercased().hasPrefix("basic "),
            let bytes = Data(base64Encoded: String(header.dropFirst(6))),
            let pair = String(validating: bytes, as: UTF8.self), let colon = pair.firstIndex(of: ":")
        else { return nil }
        return String(pair[pair.index(after: colon)...])
    }
}
