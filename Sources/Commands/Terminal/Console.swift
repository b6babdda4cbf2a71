/// Where a command's words go. Tests read them back.
package struct Console: Sendable {
    /// Results.
    var write: @Sendable (String) -> Void
    /// Results that are no text, or come in pieces.
    var writeBytes: @Sendable ([UInt8]) -> Void
    /// Progress, remarks and errors.
    var writeError: @Sendable (String) -> Void
    /// Whether a person looks at the results, and at the progress.
    var isTerminal: Bool
    var isErrorTerminal: Bool
    /// Columns of the terminal.
    var width: Int

    package init(
        isTerminal: Bool, isErrorTerminal: Bool, width: Int, write: @escaping @Sendable (String) -> Void,
        writeError: @escaping @Sendable (String) -> Void, writeBytes: (@Sendable ([UInt8]) -> Void)? = nil
    ) {
        self.writeBytes = writeBytes ?? { write(String(decoding: $0, as: UTF8.self)) }
        self.isTerminal = isTerminal
        self.isErrorTerminal = isErrorTerminal
        self.width = width
        self.write = write
        self.writeError = writeError
    }

    func line(_ text: String) { write(text + "\n") }
    func remark(_ text: String) { writeError(text + "\n") }
}
