import CTOML

/// Reads a TOML document as a flat list of its values.
enum TOMLReader {
    struct Entry: Sendable, Equatable {
        /// Parts of the path joined by dots.
        var key: String
        /// Nil for kinds that no setting has.
        var text: String?
        /// From one.
        var line: Int
    }

    /// - Errors: `CLI-101` with line and column.
    static func entries(_ bytes: [UInt8], path: String) throws(CommandError) -> [Entry] {
        var found: [Entry] = []
        var reason = [CChar](repeating: 0, count: 512)
        var line: UInt32 = 0
        var column: UInt32 = 0
        // SAFETY: all pointers are used inside the call only; the context is the list on this stack.
        let isRead = unsafe withUnsafeMutablePointer(to: &found) { list in
            unsafe bytes.withUnsafeBytes { source in
                unsafe firn_toml_read(
                    source.bindMemory(to: CChar.self).baseAddress, source.count, list, collectEntry, &reason,
                    reason.count, &line, &column)
            }
        }
        guard isRead else {
            let text = String(
                decoding: reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            throw CommandError(
                .usage, "the file is not TOML: \(text)", ["path": path, "line": line, "column": column])
        }
        return found
    }
}

// SAFETY: `context` is the list that `entries` passed; the texts end with a zero and live during the call.
private nonisolated func collectEntry(
    _ context: UnsafeMutableRawPointer?, _ key: UnsafePointer<CChar>?, _ kind: firn_toml_kind,
    _ text: UnsafePointer<CChar>?, _ line: UInt32
) {
    guard let context = unsafe context, let key = unsafe key, let text = unsafe text else { return }
    let entry = unsafe TOMLReader.Entry(
        key: String(cString: key), text: kind == FIRN_TOML_OTHER ? nil : String(cString: text),
        line: Int(line))
    unsafe context.assumingMemoryBound(to: [TOMLReader.Entry].self).pointee.append(entry)
}
