import Dispatch
import Foundation
import Glibc
import JSONText
import Telemetry
import Wire

/// The certificate of both servers: read at the start, and again at each SIGHUP.
struct Certificate: Sendable {
    private let chainPath: String
    private let keyPath: String

    /// Nil without TLS.
    init?(_ settings: NodeSettings) {
        guard let chain = settings.tlsCertificatePath, let key = settings.tlsKeyPath else { return nil }
        chainPath = chain
        keyPath = key
    }

    /// - Errors: `NOD-101` for a file that cannot be read, `WIR-405`. The certificate before stays.
    /// - Threads: blocks.
    func use() throws {
        try HTTPServer.useCertificate(chain: try Self.bytes(chainPath), key: try Self.bytes(keyPath))
    }

    private static func bytes(_ path: String) throws(NodeError) -> [UInt8] {
        do {
            return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            throw NodeError(
                .invalidSetting, "a file for TLS cannot be read",
                ["path": path, "reason": error.localizedDescription])
        }
    }

    /// Reads the files again at each SIGHUP, until the source is cancelled. What is wrong with them goes to the log.
    func followSignal(log: Log) -> any DispatchSourceSignal {
        _ = signal(SIGHUP, SIG_IGN)
        let source = DispatchSource.makeSignalSource(
            signal: SIGHUP, queue: DispatchQueue(label: "firn-certificate"))
        source.setEventHandler {
            do {
                try use()
                log.info("the certificate is read again", ["path": .string(chainPath)])
            } catch {
                log.error("the certificate stays as it was", ["reason": .string("\(error)")])
            }
        }
        source.resume()
        return source
    }
}
