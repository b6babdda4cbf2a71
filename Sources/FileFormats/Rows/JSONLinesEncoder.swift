package import Columnar
import Synchronization

/// Turns batches into the bytes of a file of JSON objects, one a line, perhaps compressed; no I/O.
///
/// Compressed text comes in pieces that each unfold by themselves: members of gzip (RFC 1952, section 2.2) or frames of
/// Zstandard (RFC 8878, section 3), which readers take one after the other.
///
/// - Threads: any, one call at a time for a meaningful order.
package final class JSONLinesEncoder: Sendable {
    private struct State {
        /// Text that is not compressed yet.
        var text: [UInt8] = []
        var textBytes = 0
        var takenBytes = 0
        var rowCount = 0
    }

    /// So much text is compressed at once: larger pieces hardly get smaller, and wait in memory.
    private static let pieceBytes = 1 << 20
    /// Zstandard's third level and gzip's sixth are their libraries' own defaults.
    private static let zstdLevel = 3
    private static let gzipLevel = 6

    private let keys: [[UInt8]]
    private let codec: Codec?
    private let columns: ColumnEncoder
    private let isUnstructured: Bool
    private let state = Mutex(State())

    /// With `isUnstructured` the one column holds JSON, and a line is such a value itself.
    package init(
        schema: Schema, codec: Codec?, forms: JSONForms = JSONForms(), isUnstructured: Bool = false
    ) {
        precondition(!isUnstructured || schema.count == 1, "unstructured lines come from one column")
        keys = RowEncoder.keys(RowEncoder(schema: schema).names)
        self.codec = codec
        self.isUnstructured = isUnstructured
        var forms = forms
        forms.nestsJSON = true
        columns = ColumnEncoder(forms: forms)
    }

    package var rowCount: Int { state.withLock { $0.rowCount } }
    /// Memory, about.
    package var heldBytes: Int { state.withLock { $0.text.count } }
    /// How large the file would be if it ended now; a guess for what is not compressed yet.
    package var estimatedFileSize: Int {
        state.withLock { state in
            guard codec != nil else { return state.takenBytes + state.text.count }
            let done = state.textBytes - state.text.count
            // What comes shrinks as what came did; text shrinks about fivefold.
            let open = done > 0 ? state.text.count * state.takenBytes / done : state.text.count / 5
            return state.takenBytes + open
        }
    }

    /// Answers bytes of the file that are final, perhaps none.
    package func encode(_ batch: Batch) throws(FileFormatsError) -> [UInt8] {
        let dense = batch.dense()
        let lines = isUnstructured ? texts(of: dense.columns[0]) : objects(of: dense)
        let result = state.withLock { state in
            Result { () throws(FileFormatsError) -> [UInt8] in
                let before = state.text.count
                state.text += lines
                state.rowCount += dense.rowCount
                state.textBytes += state.text.count - before
                return state.text.count < Self.pieceBytes ? [] : try take(&state)
            }
        }
        return try result.get()
    }

    private func objects(of batch: Batch) -> [UInt8] {
        let encoded = batch.columns.map { columns.encode($0) }
        var lines: [UInt8] = []
        for row in 0..<batch.rowCount {
            RowEncoder.appendObject(row: row, keys: keys, encoded, to: &lines)
            lines.append(UInt8(ascii: "\n"))
        }
        return lines
    }

    private func texts(of column: Column) -> [UInt8] {
        let encoded = columns.encode(column)
        var lines: [UInt8] = []
        for row in 0..<column.count {
            encoded.append(row: row, to: &lines)
            lines.append(UInt8(ascii: "\n"))
        }
        return lines
    }

    /// The last bytes of the file.
    package func finish() throws(FileFormatsError) -> [UInt8] {
        let result = state.withLock { state in
            Result { () throws(FileFormatsError) in try take(&state) }
        }
        return try result.get()
    }

    private func take(_ state: inout State) throws(FileFormatsError) -> [UInt8] {
        let text = state.text
        state.text = []
        guard let codec, !text.isEmpty else {
            state.takenBytes += text.count
            return text
        }
        let level = if case .zstd = codec { Self.zstdLevel } else { Self.gzipLevel }
        let bytes = try codec.compress(text, level: level)
        state.takenBytes += bytes.count
        return bytes
    }
}
