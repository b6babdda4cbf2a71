package import Effects
package import JSONText

#if canImport(Glibc)
    import Glibc
#endif

/// How much a log line matters.
package enum LogLevel: Int, Sendable, Comparable, CaseIterable {
    case debug, info, warning, error
    package static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }
    package var name: String { "\(self)" }
    package init?(name: String) {
        guard let level = LogLevel.allCases.first(where: { $0.name == name }) else { return nil }
        self = level
    }
}

/// Writes one JSON object a line to standard error.
///
///     {"at":"2026-01-31T12:34:56.789012Z","level":"info","message":"table committed","request_id":"…","rows":10}
package struct Log: Sendable {
    private let clock: any Clock
    private let threshold: LogLevel
    private let write: @Sendable ([UInt8]) -> Void

    package init(
        clock: any Clock = LiveClock(), threshold: LogLevel = .info,
        write: @escaping @Sendable ([UInt8]) -> Void = writeToStandardError
    ) {
        self.clock = clock
        self.threshold = threshold
        self.write = write
    }

    /// Drops everything; for tests that do not look at the log.
    package static let silent = Log(threshold: .error) { _ in }

    package func debug(_ message: String, _ fields: KeyValuePairs<String, JSONValue> = [:]) {
        log(.debug, message, fields)
    }
    package func info(_ message: String, _ fields: KeyValuePairs<String, JSONValue> = [:]) {
        log(.info, message, fields)
    }
    package func warning(_ message: String, _ fields: KeyValuePairs<String, JSONValue> = [:]) {
        log(.warning, message, fields)
    }
    package func error(_ message: String, _ fields: KeyValuePairs<String, JSONValue> = [:]) {
        log(.error, message, fields)
    }

    package func log(_ level: LogLevel, _ message: String, _ fields: KeyValuePairs<String, JSONValue> = [:]) {
        guard level >= threshold else { return }
        var line: JSONObject = [
            "at": .string(clock.now.rfc3339), "level": .string(level.name), "message": .string(message),
        ]
        if let id = RequestID.current { line["request_id"] = .string(id.description) }
        for (name, value) in fields { line[name] = value }
        write(JSONValue.object(line).serialized() + [0x0A])
    }
}

/// One write call a line, so that lines of several threads do not mix. A closed standard error is nobody's to hear of.
package func writeToStandardError(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
        // SAFETY: the pointer is used inside the call only, with the slice's own length.
        let written = unsafe rest.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
        if written <= 0 { return }
        rest = rest.dropFirst(written)
    }
}

/// Names one request in its answer, its log lines, its query profile and its commits.
package struct RequestID: Sendable, Hashable, CustomStringConvertible {
    package let description: String
    package init(_ text: String) { description = text }

    /// The request this task works for.
    @TaskLocal package static var current: RequestID?
}
