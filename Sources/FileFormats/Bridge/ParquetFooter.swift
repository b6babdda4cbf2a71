import CArrowParquet

/// A parsed footer: the schema, and where the column chunks of each row group lie.
///
/// - Threads: any; nothing changes after `init`.
@safe final class ParquetFooter: Sendable {
    /// One entry of the schema in depth-first order, as the file has it.
    struct Node: Sendable {
        var name: String
        var fieldID: Int?
        var repetition: Int
        var childCount: Int
        var physical: firn_arrow_physical
        var logical: firn_arrow_logical
        var precision: Int
        var scale: Int
        var unitDigits: Int
        var isUTC: Bool
        var bitWidth: Int
        var isSigned: Bool
        var byteLength: Int
        /// Nil for groups.
        var leaf: Int?
    }

    struct Chunk: Sendable {
        var valueCount: Int
        var offset: Int64
        var compressedBytes: Int
        var uncompressedBytes: Int
        var nullCount: Int?
        var isAllDictionary: Bool
        /// Plain-encoded.
        var minimum: [UInt8]?
        var maximum: [UInt8]?
        /// Nil when the file has no page index for the chunk.
        var columnIndex: Range<Int64>?
        var offsetIndex: Range<Int64>?

        var range: Range<Int64> { offset..<(offset + Int64(compressedBytes)) }
    }

    struct RowGroup: Sendable {
        var rowCount: Int
        /// By leaf.
        var chunks: [Chunk]
    }

    // SAFETY: made once by the shim, freed by `deinit`; its functions only read it.
    nonisolated(unsafe) let native: OpaquePointer
    let nodes: [Node]
    /// The nodes as a tree, with the ids the file itself has.
    let columns: [ParquetNode]
    let rowGroups: [RowGroup]
    let rowCount: Int
    let createdBy: String

    /// - Parameter bytes: The footer without its length and magic.
    convenience init(_ bytes: [UInt8], fileSize: Int64) throws(FileFormatsError) {
        var parsed: OpaquePointer?
        // SAFETY: the callee reads `count` bytes and keeps none.
        let status = unsafe bytes.withUnsafeBufferPointer { buffer -> firn_arrow_status in
            guard let base = buffer.baseAddress else { return FIRN_ARROW_MISUSE }
            return unsafe firn_arrow_footer_parse(base, Int64(buffer.count), fileSize, &parsed)
        }
        try ArrowStatus.check(status, "the Parquet footer cannot be read")
        guard let parsed = unsafe parsed else {
            throw FileFormatsError(.internalFailure, "a footer was read and not given")
        }
        try unsafe self.init(taking: parsed)
    }

    /// Takes ownership of the native footer.
    @unsafe init(taking native: OpaquePointer) throws(FileFormatsError) {
        unsafe self.native = unsafe native
        var info = unsafe firn_arrow_footer_info()
        unsafe firn_arrow_footer_describe(native, &info)
        rowCount = unsafe Int(info.row_count)
        createdBy = unsafe info.created_by.map { unsafe String(cString: $0) } ?? ""
        var nodes: [Node] = []
        for index in unsafe 0..<info.node_count {
            var node = unsafe firn_arrow_node()
            let status = unsafe firn_arrow_footer_node(native, index, &node)
            try ArrowStatus.check(status, "the Parquet schema cannot be read")
            unsafe nodes.append(Node(node))
        }
        self.nodes = nodes
        columns = try ParquetNodeReader.columns(nodes)
        var groups: [RowGroup] = []
        for index in unsafe 0..<info.row_group_count {
            var rowCount: Int64 = 0
            let status = unsafe firn_arrow_footer_row_count(native, index, &rowCount)
            try ArrowStatus.check(status, "a Parquet row group cannot be read")
            var chunks: [Chunk] = []
            for leaf in unsafe 0..<info.leaf_count {
                var chunk = unsafe firn_arrow_chunk()
                let status = unsafe firn_arrow_footer_chunk(native, index, leaf, &chunk)
                try ArrowStatus.check(status, "a Parquet column chunk cannot be described")
                unsafe chunks.append(Chunk(chunk))
            }
            groups.append(RowGroup(rowCount: Int(rowCount), chunks: chunks))
        }
        rowGroups = groups
    }

    deinit { unsafe firn_arrow_footer_release(native) }

    /// A value of the file's own metadata.
    func metadata(_ key: String) -> String? {
        // SAFETY: the text lives as long as the footer and is copied here.
        unsafe firn_arrow_footer_value(native, key).map { unsafe String(cString: $0) }
    }
}

extension ParquetFooter.Node {
    init(_ node: firn_arrow_node) {
        // SAFETY: names live as long as the footer and are copied here.
        name = unsafe node.name.map { unsafe String(cString: $0) } ?? ""
        fieldID = unsafe node.field_id >= 0 ? Int(node.field_id) : nil
        repetition = unsafe Int(node.repetition)
        childCount = unsafe Int(node.child_count)
        physical = unsafe firn_arrow_physical(node.physical)
        logical = unsafe firn_arrow_logical(UInt32(bitPattern: node.logical))
        precision = unsafe Int(node.precision)
        scale = unsafe Int(node.scale)
        unitDigits = unsafe Int(node.unit_digits)
        isUTC = unsafe node.is_utc != 0
        bitWidth = unsafe Int(node.bit_width)
        isSigned = unsafe node.is_signed != 0
        byteLength = unsafe Int(node.byte_length)
        leaf = unsafe node.leaf >= 0 ? Int(node.leaf) : nil
    }
}

extension ParquetFooter.Chunk {
    init(_ chunk: firn_arrow_chunk) {
        valueCount = unsafe Int(chunk.value_count)
        offset = unsafe chunk.offset
        compressedBytes = unsafe Int(chunk.compressed_bytes)
        uncompressedBytes = unsafe Int(chunk.uncompressed_bytes)
        nullCount = unsafe chunk.null_count >= 0 ? Int(chunk.null_count) : nil
        isAllDictionary = unsafe chunk.is_all_dictionary != 0
        // SAFETY: the bytes are valid until the thread's next call for a chunk, and are copied here.
        minimum =
            unsafe chunk.has_minimum != 0
            ? Array(UnsafeBufferPointer(start: chunk.minimum, count: Int(chunk.minimum_length))) : nil
        maximum =
            unsafe chunk.has_maximum != 0
            ? Array(UnsafeBufferPointer(start: chunk.maximum, count: Int(chunk.maximum_length))) : nil
        columnIndex = unsafe Self.range(chunk.column_index_offset, chunk.column_index_bytes)
        offsetIndex = unsafe Self.range(chunk.offset_index_offset, chunk.offset_index_bytes)
    }

    private static func range(_ offset: Int64, _ bytes: Int64) -> Range<Int64>? {
        guard offset > 0, bytes > 0, bytes < Int64.max - offset else { return nil }
        return offset..<(offset + bytes)
    }
}
