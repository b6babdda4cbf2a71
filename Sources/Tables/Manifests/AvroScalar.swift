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
