import Columnar
import FileFormats
import Iceberg
import JSONText

/// The Avro types of manifests and manifest lists. The numbers are the field ids of the specification.
///
/// Source: Iceberg table specification, "Manifests", "Manifest Lists".
enum ManifestSchemas {
    /// A map with integer keys: Avro has none, so Iceberg writes an array of pairs.
    private static func pairs(_ keyID: Int, _ valueID: Int, _ value: AvroSchema) -> AvroSchema {
        .optional(
            .array(
                .record(
                    name: "k\(keyID)_v\(valueID)",
                    [AvroField("key", .int, id: keyID), AvroField("value", value, id: valueID)]), isMap: true)
        )
    }

    static func entry(partition: AvroSchema, formatVersion: Int) -> AvroSchema {
        var file: [AvroField] = [
            AvroField("content", .int, id: 134), AvroField("file_path", .string, id: 100),
            AvroField("file_format", .string, id: 101), AvroField("partition", partition, id: 102),
            AvroField("record_count", .long, id: 103), AvroField("file_size_in_bytes", .long, id: 104),
            AvroField("column_sizes", pairs(117, 118, .long), id: 108),
            AvroField("value_counts", pairs(119, 120, .long), id: 109),
            AvroField("null_value_counts", pairs(121, 122, .long), id: 110),
            AvroField("nan_value_counts", pairs(138, 139, .long), id: 137),
            AvroField("lower_bounds", pairs(126, 127, .bytes), id: 125),
            AvroField("upper_bounds", pairs(129, 130, .bytes), id: 128),
            AvroField("key_metadata", .optional(.bytes), id: 131),
            AvroField("split_offsets", .optional(.array(.long, elementID: 133)), id: 132),
            AvroField("equality_ids", .optional(.array(.int, elementID: 136)), id: 135),
            AvroField("sort_order_id", .optional(.int), id: 140),
        ]
        if formatVersion > 2 { file.append(AvroField("first_row_id", .optional(.long), id: 142)) }
        file.append(AvroField("referenced_data_file", .optional(.string), id: 143))
        if formatVersion > 2 {
            file.append(AvroField("content_offset", .optional(.long), id: 144))
            file.append(AvroField("content_size_in_bytes", .optional(.long), id: 145))
        }
        return .record(
            name: "manifest_entry",
            [
                AvroField("status", .int, id: 0), AvroField("snapshot_id", .optional(.long), id: 1),
                AvroField("sequence_number", .optional(.long), id: 3),
                AvroField("file_sequence_number", .optional(.long), id: 4),
                AvroField("data_file", .record(name: "r2", file), id: 2),
            ])
    }

    static func list(formatVersion: Int) -> AvroSchema {
        let summary = AvroSchema.record(
            name: "r508",
            [
                AvroField("contains_null", .boolean, id: 509),
                AvroField("contains_nan", .optional(.boolean), id: 518),
                AvroField("lower_bound", .optional(.bytes), id: 510),
                AvroField("upper_bound", .optional(.bytes), id: 511),
            ])
        var fields: [AvroField] = [
            AvroField("manifest_path", .string, id: 500), AvroField("manifest_length", .long, id: 501),
            AvroField("partition_spec_id", .int, id: 502), AvroField("content", .int, id: 517),
            AvroField("sequence_number", .long, id: 515), AvroField("min_sequence_number", .long, id: 516),
            AvroField("added_snapshot_id", .long, id: 503), AvroField("added_files_count", .int, id: 504),
            AvroField("existing_files_count", .int, id: 505), AvroField("deleted_files_count", .int, id: 506),
            AvroField("added_rows_count", .long, id: 512), AvroField("existing_rows_count", .long, id: 513),
            AvroField("deleted_rows_count", .long, id: 514),
            AvroField("partitions", .optional(.array(summary, elementID: 508)), id: 507),
            AvroField("key_metadata", .optional(.bytes), id: 519),
        ]
        if formatVersion > 2 { fields.append(AvroField("first_row_id", .optional(.long), id: 520)) }
        return .record(name: "manifest_file", fields)
    }

    /// The record of a spec's values; all optional, because partitions may be null.
    static func partition(_ spec: PartitionSpec, types: [DataType]) -> AvroSchema {
        .record(
            name: "r102",
            zip(spec.fields, types).map { field, type in
                let (schema, logical) = value(type, field.fieldID)
                return AvroField(
                    avroName(field.name), schema == .null ? .null : .optional(schema), id: field.fieldID,
                    logicalType: logical)
            })
    }

    /// Named types may be named once a schema, so the field's id is in the name.
    private static func value(_ type: DataType, _ id: Int) -> (AvroSchema, [String: JSONValue]) {
        switch type {
        case .boolean: return (.boolean, [:])
        case .int: return (.int, [:])
        case .long: return (.long, [:])
        case .float: return (.float, [:])
        case .double: return (.double, [:])
        case .date: return (.int, ["logicalType": "date"])
        case .time: return (.long, ["logicalType": "time-micros"])
        case .timestamp: return (.long, ["logicalType": "timestamp-micros", "adjust-to-utc": false])
        case .timestamptz: return (.long, ["logicalType": "timestamp-micros", "adjust-to-utc": true])
        case .timestampNanos: return (.long, ["logicalType": "timestamp-nanos", "adjust-to-utc": false])
        case .timestamptzNanos: return (.long, ["logicalType": "timestamp-nanos", "adjust-to-utc": true])
        case .string, .json: return (.string, [:])
        case .binary: return (.bytes, [:])
        case .uuid: return (.fixed(name: "uuid_\(id)", size: 16), ["logicalType": "uuid"])
        case .fixed(let length): return (.fixed(name: "fixed_\(id)", size: length), [:])
        case .decimal(let precision, let scale):
            return (
                .fixed(name: "decimal_\(id)", size: decimalBytes(precision)),
                ["logicalType": "decimal", "precision": JSONValue(precision), "scale": JSONValue(scale)]
            )
        case .null, .interval, .list, .map, .structure: return (.null, [:])
        }
    }

    /// The fewest bytes that hold every number of so many digits.
    static func decimalBytes(_ precision: Int) -> Int {
        var limit: Int128 = 1
        for _ in 0..<min(precision, DataType.maximumPrecision) { limit *= 10 }
        return SingleValue.minimalBigEndian(limit - 1).count
    }

    /// Avro names have letters, digits and underscores only; other characters are written as their number, as other
    /// writers do. Readers go by the field id.
    static func avroName(_ name: String) -> String {
        var result = ""
        for (index, scalar) in name.unicodeScalars.enumerated() {
            switch scalar {
            case "a"..."z", "A"..."Z", "_": result.unicodeScalars.append(scalar)
            case "0"..."9":
                if index == 0 { result += "_" }
                result.unicodeScalars.append(scalar)
            default: result += "_x" + String(scalar.value, radix: 16, uppercase: true)
            }
        }
        return result
    }
}
