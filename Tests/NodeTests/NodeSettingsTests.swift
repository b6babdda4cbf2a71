import Faults
import Testing
import Wire

@testable import Node

@Suite("Node settings")
struct NodeSettingsTests {
    @Test(
        "addresses parse and print",
        arguments: [
            ("127.0.0.1:8787", "127.0.0.1", 8787), ("[::1]:0", "::1", 0),
            ("localhost:65535", "localhost", 65535),
        ])
    func addresses(text: String, host: String, port: Int) throws {
        let parsed = try HostPort(parsing: text)
        #expect(parsed == HostPort(host: host, port: port))
        #expect(parsed.description == text)
    }

    @Test(
        "what is no address is refused",
        arguments: ["", "8787", ":8787", "a:b", "a:-1", "a:65536", "::1:80", "a:"])
    func badAddresses(text: String) {
        #expect(throws: NodeError.self) { try HostPort(parsing: text) }
    }

    private func code(_ change: (inout NodeSettings) -> Void) -> NodeError.Code? {
        var settings = NodeSettings(dataDirectory: "d")
        change(&settings)
        do throws(NodeError) {
            try settings.validate(isLoopback: HTTPServer.isLoopback)
            return nil
        } catch {
            return error.code
        }
    }

    @Test("addresses beyond this machine need a decision")
    func openAddresses() {
        #expect(code { _ in } == nil)
        #expect(code { $0.listen.host = "0.0.0.0" } == .openAddress)
        #expect(code { $0.s3Listen.host = "::" } == .openAddress)
        #expect(
            code {
                $0.listen.host = "0.0.0.0"
                $0.isBehindProxy = true
            } == nil)
    }

    @Test("accounts and public URLs keep their rules")
    func otherRules() {
        #expect(code { $0.account = "a_b" } == .invalidSetting)
        #expect(code { $0.publicURL = "firn.test" } == .invalidSetting)
        #expect(code { $0.s3PublicURL = "https://s3.test/" } == .invalidSetting)
        #expect(code { $0.s3PublicURL = "https://s3.test" } == nil)
        #expect(code { $0.dataDirectory = "" } == .invalidSetting)
    }
}
