import Foundation
import JSONText

#if canImport(Glibc)
    import Glibc
#endif

/// The file that tells the owner of a new data directory the first token: `{"id":"…","value":"…"}`, mode 0600.
package struct AdminTokenFile: Sendable {
    private let path: String

    package init(path: String) { self.path = path }

    /// Nil when there is none.
    ///
    /// - Errors: `IDN-301`.
    func read() throws(IdentityError) -> (id: String, value: String)? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw failure("the file with the administrator's token cannot be read", errno)
        }
        do {
            let json = try JSONParser.parse(Array(data))
            if let id = json["id"]?.string, let value = json["value"]?.string { return (id, value) }
        } catch {
            throw IdentityError(
                .adminFile, "the file with the administrator's token is no JSON", ["path": path], cause: error
            )
        }
        throw IdentityError(
            .adminFile, "the file with the administrator's token lacks id or value", ["path": path],
            hint: "remove it; a new one is made at the next start")
    }

    /// Appears whole or not at all.
    ///
    /// - Errors: `IDN-301`.
    func write(id: String, value: String) throws(IdentityError) {
        let text: JSONValue = ["id": .string(id), "value": .string(value)]
        let bytes = text.serialized() + [0x0A]
        let temporary = path + ".new"
        let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw failure("the file for the administrator's token cannot be made", errno)
        }
        defer { close(descriptor) }
        // SAFETY: the pointer is used inside the call only.
        let written = unsafe bytes.withUnsafeBytes {
            unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
        }
        guard written == bytes.count, fsync(descriptor) == 0, unsafe rename(temporary, path) == 0 else {
            throw failure("the file for the administrator's token cannot be written", errno)
        }
    }

    private func failure(_ summary: String, _ code: Int32) -> IdentityError {
        IdentityError(
            .adminFile, summary, ["path": path, "reason": unsafe String(cString: strerror(code))])
    }

    /// Reads `id:value`, the form of `FIRN_ADMIN_TOKEN`.
    ///
    /// - Errors: `IDN-202`.
    static func parse(preset: String) throws(IdentityError) -> (id: String, value: String) {
        let parts = preset.split(separator: ":", maxSplits: 1).map(String.init)
        let isPlain = { (byte: UInt8) in byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "/") }
        guard parts.count == 2, parts[0].utf8.allSatisfy(isPlain), parts[0].utf8.count <= 128,
            parts[1].utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else {
            throw IdentityError(
                .invalidToken, "the preset administrator's token is not ID:VALUE in printable characters",
                hint: "set FIRN_ADMIN_TOKEN=id:value")
        }
        return (parts[0], parts[1])
    }
}
