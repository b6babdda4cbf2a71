import Columnar
import Effects
import FileFormats
import Iceberg

extension AvroCursor {
    /// Reads one partition value, written as `schema`, that the table knows as `type`.
    ///
    /// - Errors: `FMT-201` when the two do not fit.
    mutating func scalar(_ schema: AvroSchema, _ type: DataType) throws(FileFormatsError) -> Scalar {
        let found = try resolve(schema)
        switch (found, type.physical) {
        case (.null, _): return .null
        case (.boolean, .boolean): return .boolean(try boolean())
        case (.int, .int32): return .int(try int())
        case (.long, .int32): if let small = Int32(exactly: try long()) { return .int(small) }
        // What is a timestamp now was a date.
        case (.int, .int64) where type == .timestamp || type == .timestampNanos:
            let unit: Int64 = type == .timestamp ? 86_400_000_000 : 86_400_000_000_000
            let (time, overflow) = Int64(try int()).multipliedReportingOverflow(by: unit)
            if !overflow { return .long(time) }
        case (.int, .int64), (.long, .int64): return .long(try long())
        case (.float, .float): return .float(try float())
        case (.float, .double): return .double(Double(try float()))
        case (.double, .double): return .double(try double())
        case (.string, .string) where type.isText: return .string(try string())
        case (.string, .string) where type == .uuid:
            if let id = UniqueID(try string()) { return .bytes(id.bytes) }
        case (.bytes, _): if let value = Self.scalar(try lengthPrefixed(), type) { return value }
        case (.fixed(_, let size), _): if let value = Self.scalar(try fixed(size), type) { return value }
        default: try skip(found)
        }
        throw FileFormatsError(
            .corruptFile, "a partition value has another type than its field",
            ["file has": "\(found)", "field has": type])
    }

    /// Reads one partition value of a column that the table has in no schema any more; see `OrphanedPartition`.
    ///
    /// - Errors: `FMT-201` for nested values.
    mutating func orphan(_ schema: AvroSchema) throws(FileFormatsError) -> Scalar {
        let found = try resolve(schema)
        switch found {
        case .null: return .null
        case .boolean: return .boolean(try boolean())
        case .int: return .long(Int64(try int()))
        case .long: return .long(try long())
        case .float: return .double(Double(try float()))
        case .double: return .double(try double())
        case .string: return .string(try string())
        case .bytes: return .bytes(try lengthPrefixed())
        case .fixed(_, let size): return .bytes(try fixed(size))
        case .enumeration, .record, .array, .map, .union: break
        }
        throw FileFormatsError(
            .corruptFile, "a partition value is none of a partition", ["file has": "\(found)"])
    }

    private static func scalar(_ bytes: [UInt8], _ type: DataType) -> Scalar? {
        switch type {
        case .decimal(let precision, _):
            guard (1...16).contains(bytes.count) else { return nil }
            let unscaled = SingleValue.bigEndian(bytes)
            if precision > DataType.longPrecision { return .int128(unscaled) }
            return Int64(exactly: unscaled).map { .long($0) }
        case .uuid: return bytes.count == 16 ? .bytes(bytes) : nil
        case .fixed(let length): return bytes.count == length ? .bytes(bytes) : nil
        case .binary: return .bytes(bytes)
        case .string, .json: return String(validating: bytes, as: UTF8.self).map { .string($0) }
        default: return nil
        }
    }
}

extension Scalar {
    /// Null, or one that `AvroEncoder.partition` writes as the type.
    func isPartition(of type: DataType) -> Bool {
        switch (type.physical, self) {
        case (_, .null), (.boolean, .boolean), (.int32, .int), (.int64, .long), (.int128, .int128),
            (.float, .float), (.double, .double):
            true
        case (.string, .string): type.isText
        case (.string, .bytes(let bytes)):
            switch type {
            case .uuid: bytes.count == 16
            case .fixed(let length): bytes.count == length
            default: type == .binary
            }
        default: false
        }
    }
}

extension AvroEncoder {
    /// Writes one partition value in the type `ManifestSchemas.partition` gives it: a union with null.
    mutating func partition(_ value: Scalar, _ type: DataType) {
        switch type.physical {
        case .null, .interval, .list, .map, .structure: return
        default: break
        }
        if value.isNull { return long(0) }
        long(1)
        switch (type, value) {
        case (.decimal(let precision, _), .long(let number)): decimal(Int128(number), precision)
        case (.decimal(let precision, _), .int128(let number)): decimal(number, precision)
        case (_, .boolean(let flag)): boolean(flag)
        case (_, .int(let number)): long(Int64(number))
        case (_, .long(let number)): long(number)
        case (_, .float(let number)): float(number)
        case (_, .double(let number)): double(number)
        case (_, .string(let text)): string(text)
        case (.uuid, .bytes(let bytes)), (.fixed, .bytes(let bytes)): raw(bytes)
        case (_, .bytes(let bytes)): bytesValue(bytes)
        default: preconditionFailure("a partition value of \(type) that is none: \(value)")
        }
    }

    private mutating func decimal(_ number: Int128, _ precision: Int) {
        let count = ManifestSchemas.decimalBytes(precision)
        raw((0..<count).reversed().map { UInt8(truncatingIfNeeded: number >> Int128(8 * $0)) })
    }
}
