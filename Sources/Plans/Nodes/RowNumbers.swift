package import Columnar

/// The column that numbering rows adds.
package enum RowNumbers {
    package static func schema(_ input: Schema) -> Schema {
        Schema(input.fields + [Field("row_number", .long, isRequired: true)])
    }
}
