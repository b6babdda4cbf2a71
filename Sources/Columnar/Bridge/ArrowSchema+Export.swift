package import CArrowData
import Foundation

/// The Arrow C Data form of types. What is exported belongs to the struct: whoever holds it calls its `release` once.
///
/// Source: Apache Arrow, "The Arrow C data interface".
package enum ArrowExport {
    /// A struct type with a child for each field, as record batches need. Field ids go into `PARQUET:field_id`.
    @unsafe package static func schema(_ schema: Schema) -> ArrowSchema {
        unsafe make(
            format: "+s", name: "", isNullable: false, metadata: [],
            children: schema.fields.map { unsafe field($0) })
    }

    @unsafe package static func field(_ field: Field) -> ArrowSchema {
        var metadata: [(String, String)] = []
        if let id = field.id { metadata.append(("PARQUET:field_id", String(id))) }
        if field.type == .uuid {
            metadata.append(("ARROW:extension:name", "arrow.uuid"))
            metadata.append(("ARROW:extension:metadata", ""))
        }
        return unsafe make(
            format: format(of: field.type), name: field.name, isNullable: !field.isRequired,
            metadata: metadata,
            children: children(of: field.type).map { unsafe self.field($0) })
    }

    private static func format(of type: DataType) -> String {
        switch type {
        case .null: "n"
        case .boolean: "b"
        case .int: "i"
        case .long: "l"
        case .float: "f"
        case .double: "g"
        case .decimal(let precision, let scale): "d:\(precision),\(scale)"
        case .date: "tdD"
        case .time: "ttu"
        case .timestamp: "tsu:"
        case .timestamptz: "tsu:UTC"
        case .timestampNanos: "tsn:"
        case .timestamptzNanos: "tsn:UTC"
        case .string, .json: "U"
        case .binary: "Z"
        case .uuid: "w:16"
        case .fixed(let length): "w:\(length)"
        case .interval: "tin"
        case .list: "+l"
        case .map: "+m"
        case .structure: "+s"
        }
    }

    private static func children(of type: DataType) -> [Field] {
        switch type {
        case .list(let element): return [element]
        case .structure(let fields): return fields
        case .map(var key, let value):
            key.isRequired = true
            return [Field("entries", .structure([key, value]), isRequired: true)]
        default: return []
        }
    }

    private static func make(
        format: String, name: String, isNullable: Bool, metadata: [(String, String)], children: [ArrowSchema]
    ) -> ArrowSchema {
        var schema = unsafe ArrowSchema()
        // SAFETY: every text and list is allocated here and freed once, by `releaseSchema`.
        unsafe schema.format = UnsafePointer(strdup(format))
        unsafe schema.name = UnsafePointer(strdup(name))
        unsafe schema.metadata = encode(metadata)
        unsafe schema.flags = isNullable ? Int64(ARROW_FLAG_NULLABLE) : 0
        unsafe schema.n_children = Int64(children.count)
        if unsafe !children.isEmpty {
            let list = unsafe UnsafeMutablePointer<UnsafeMutablePointer<ArrowSchema>?>.allocate(
                capacity: children.count)
            for unsafe(index, child) in unsafe children.enumerated() {
                let place = UnsafeMutablePointer<ArrowSchema>.allocate(capacity: 1)
                unsafe place.initialize(to: child)
                unsafe (list + index).initialize(to: place)
            }
            unsafe schema.children = list
        }
        unsafe schema.release = releaseSchema
        return unsafe schema
    }

    /// Pairs as the interface packs them: a count, then length and bytes of each key and value, native-endian.
    private static func encode(_ pairs: [(String, String)]) -> UnsafePointer<CChar>? {
        if pairs.isEmpty { return nil }
        var bytes: [UInt8] = []
        func append(_ number: Int) {
            unsafe withUnsafeBytes(of: Int32(number)) { unsafe bytes.append(contentsOf: $0) }
        }
        append(pairs.count)
        for (key, value) in pairs {
            for text in [key, value] {
                append(text.utf8.count)
                bytes.append(contentsOf: text.utf8)
            }
        }
        guard let copy = unsafe malloc(bytes.count) else { preconditionFailure("no memory") }
        unsafe copy.copyMemory(from: bytes, byteCount: bytes.count)
        return unsafe UnsafePointer(copy.assumingMemoryBound(to: CChar.self))
    }
}

/// Frees what `ArrowExport` made.
private func releaseSchema(_ schema: UnsafeMutablePointer<ArrowSchema>?) {
    guard let schema = unsafe schema else { return }
    // SAFETY: the struct came from `make`; a moved struct's children still belong to it.
    unsafe free(UnsafeMutableRawPointer(mutating: schema.pointee.format))
    unsafe free(UnsafeMutableRawPointer(mutating: schema.pointee.name))
    unsafe free(UnsafeMutableRawPointer(mutating: schema.pointee.metadata))
    if let children = unsafe schema.pointee.children {
        for index in unsafe 0..<Int(schema.pointee.n_children) {
            guard let child = unsafe children[index] else { continue }
            if let release = unsafe child.pointee.release { unsafe release(child) }
            unsafe child.deallocate()
        }
        unsafe children.deallocate()
    }
    unsafe schema.pointee.release = nil
}
