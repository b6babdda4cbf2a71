import Effects
import Faults
import HTTPClient
import JSONText
import Octets

/// The server a command talks to.
struct FirnServer: Sendable {
    let url: String
    let token: String
    let account: String
    private let client = HTTPClient()

    init(url: String, token: String, account: String) {
        self.url = url
        self.token = token
        self.account = account
    }

    /// A call below `/client/v4/accounts/{account}/`; answers the envelope's `result`.
    ///
    /// - Errors: `CLI-201` with the server's own words, `CLI-202`, `CLI-301`.
    func call(
        _ method: String, _ path: String, _ body: JSONValue? = nil, deadlineSeconds: Double = 60
    ) async throws -> JSONValue {
        let full = "/client/v4/accounts/\(Self.segment(account))/\(path)"
        return try await envelope(method, full, body, deadlineSeconds: deadlineSeconds)["result"] ?? .null
    }

    /// A call whose answer is an envelope.
    func envelope(
        _ method: String, _ path: String, _ body: JSONValue? = nil, deadlineSeconds: Double = 60
    ) async throws -> JSONValue {
        let answer = try await send(
            method, path, body: body?.serialized(), contentType: "application/json",
            deadlineSeconds: deadlineSeconds)
        let text = try await answer.collect()
        let value: JSONValue
        do throws(JSONError) { value = try JSONParser.parse(text) } catch {
            throw CommandError(
                .foreignAnswer, "the answer is not one of a Firn server",
                ["status": answer.status, "url": url + path], hint: "check --url")
        }
        guard value["success"]?.boolean == true else { throw Self.refusal(value, status: answer.status) }
        return value
    }

    /// - Errors: `CLI-301`; `HTTPClientError` when the request was sent and its fate is unknown.
    func send(
        _ method: String, _ path: String, body: [UInt8]?, contentType: String, deadlineSeconds: Double,
        more: [(String, String)] = []
    ) async throws -> HTTPClientResponse {
        var headers = [("authorization", "Bearer \(token)"), ("user-agent", FirnVersion.product)] + more
        if body != nil { headers.append(("content-type", contentType)) }
        let request = HTTPClientRequest(
            method: method, url: url + path, headers: headers,
            // Asking first would cost a round trip for each batch.
            omittedHeaders: ["expect"], body: body, deadlineSeconds: deadlineSeconds)
        do {
            return try await client.send(request)
        } catch let error as HTTPClientError where [.notConnected, .tlsFailed].contains(error.code) {
            throw CommandError(
                .notReached, "the server is not reached",
                ["url": url, "reason": error.context.first { $0.name == "reason" }?.value ?? error.summary],
                hint: "is it running (`firn serve --data DIR`), and is --url right?")
        } catch let error as HTTPClientError where error.code == .invalidURL {
            throw CommandError(
                .usage, "the address is no http or https URL", ["url": url],
                hint: "for example http://127.0.0.1:8787")
        }
    }

    /// What an envelope's errors say.
    static func refusal(_ envelope: JSONValue, status: Int) -> CommandError {
        let entry = envelope["errors"]?.array?.first
        let message = entry?["message"]?.string ?? "the server refused the request"
        let next = (entry?["firn_code"]?.string).flatMap { nextSteps[$0] }
        var code = entry?["firn_code"]?.string ?? ""
        if code.isEmpty, let number = entry?["code"]?.integer { code = "\(number)" }
        return code.isEmpty
            ? CommandError(.refused, message, ["status": status])
            : CommandError(.refused, message, ["status": status, "code": code], hint: next)
    }

    /// What to do about faults that the server, which does not know of this command line, has no hint for.
    private static let nextSteps = [
        "BLB-102": "`firn bucket list` shows those there are",
        "BKT-101": "use it, or choose another name",
        "BKT-102": "delete its objects first",
        "STR-101": "`firn stream list` shows those there are",
        "STR-102": "use it, or choose another name",
        "PIP-101": "`firn pipeline list` shows those there are",
        "PIP-102": "`firn sink list` shows those there are",
        "IDN-203": "`firn token list` shows those there are",
    ]

    /// A name as part of a path.
    static func segment(_ text: String) -> String { PercentEncoding.encode(text) }
}
