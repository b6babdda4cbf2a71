import Columnar
import Iceberg

/// Brings batches into the shape of a table: its columns, its order, its types.
///
/// Columns are found by field id where the batch has ids, else by name. What the batch lacks is null.
struct RowAlignment {
    private enum Source {
        case column(Int)
        case missing
    }

    let schema: Schema
    private var lastInput: Schema?
    private var sources: [Source] = []

    /// Columns a writer must give a value other than null when it has none.
    private let defaulted: Set<Int>

    init(schema: Schema, of table: IcebergSchema) {
        self.schema = schema
        defaulted = Set(
            schema.fields.filter { table.defaultValue("write-default", of: $0) != nil }.compactMap(\.id))
    }

    /// - Errors: `TAB-301`.
    mutating func align(_ batch: Batch) throws(TablesError) -> Batch {
        let batch = batch.dense()
        if batch.schema == schema { return batch }
        if batch.schema != lastInput {
            sources = try match(batch.schema)
            lastInput = batch.schema
        }
        var columns: [Column] = []
        for (field, source) in zip(schema.fields, sources) {
            switch source {
            case .missing: columns.append(.nulls(field.type, count: batch.rowCount))
            case .column(let index):
                let column = batch.columns[index]
                columns.append(column.type == field.type ? column : column.reinterpreted(as: field.type))
            }
        }
        return Batch(schema: schema, columns: columns, rowCount: batch.rowCount)
    }

    private func match(_ input: Schema) throws(TablesError) -> [Source] {
        var used: Set<Int> = []
        var result: [Source] = []
        for field in schema.fields {
            guard let index = position(of: field, in: input) else {
                if field.isRequired { throw misfit("the rows lack a required column", field) }
                if field.id.map({ defaulted.contains($0) }) ?? false {
                    throw misfit(
                        "the rows lack a column with a default, which this version cannot fill in", field)
                }
                result.append(.missing)
                continue
            }
            guard Self.fits(input.fields[index].type, field.type) else {
                throw misfit("a column has another type than the table's", field, input.fields[index])
            }
            used.insert(index)
            result.append(.column(index))
        }
        if let extra = input.fields.indices.first(where: { !used.contains($0) }) {
            throw misfit("the table has no such column", input.fields[extra])
        }
        return result
    }

    private func position(of field: Field, in input: Schema) -> Int? {
        if let id = field.id, let index = input.index(ofFieldID: id) { return index }
        return input.fields.firstIndex { $0.id == nil && $0.name == field.name }
    }

    /// The same values in memory, whatever ids and names nested fields carry.
    private static func fits(_ input: DataType, _ table: DataType) -> Bool {
        switch (input, table) {
        case (.null, _): true
        case (.list(let a), .list(let b)): fits(a.type, b.type)
        case (.map(let a, let b), .map(let c, let d)): fits(a.type, c.type) && fits(b.type, d.type)
        case (.structure(let a), .structure(let b)):
            a.count == b.count && zip(a, b).allSatisfy { $0.name == $1.name && fits($0.type, $1.type) }
        case (.json, .string), (.string, .json): true
        default: input == table
        }
    }

    private func misfit(_ summary: String, _ field: Field, _ found: Field? = nil) -> TablesError {
        TablesError(
            .rowsDoNotFit, summary,
            ["column": field.name, "table has": field.type, "rows have": found.map { "\($0.type)" } ?? "-"])
    }
}
