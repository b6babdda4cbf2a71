/// Definitions of tables and their changes.
extension SyntaxPrinter {
    mutating func write(_ table: CreateTableSyntax) {
        write(table.isReplacing ? "CREATE OR REPLACE TABLE " : "CREATE TABLE ")
        if table.ifNotExists { write("IF NOT EXISTS ") }
        write(table.name)
        if !table.columns.isEmpty {
            write(" (")
            separated(table.columns) { printer, column in
                printer.write(column.name)
                printer.write(definition: column)
            }
            write(")")
        }
        if !table.partitions.isEmpty {
            write(" PARTITIONED BY (")
            separated(table.partitions) { $0.write($1) }
            write(")")
        }
        if !table.order.isEmpty {
            write(" SORTED BY (")
            separated(table.order) { $0.write($1) }
            write(")")
        }
        if let location = table.location {
            write(" LOCATION ")
            write(string: location)
        }
        if !table.properties.isEmpty { write(" TBLPROPERTIES ") }
        write(properties: table.properties)
        if let source = table.source {
            write(" AS ")
            write(source)
        }
    }

    /// What follows the column's name.
    private mutating func write(definition column: ColumnSyntax) {
        write(" ")
        write(column.type)
        if column.isRequired { write(" NOT NULL") }
        writeComment(column.comment)
    }

    mutating func writeComment(_ comment: String?) {
        guard let comment else { return }
        write(" COMMENT ")
        write(string: comment)
    }

    mutating func write(_ alter: AlterTableSyntax) {
        write(alter.ifExists ? "ALTER TABLE IF EXISTS " : "ALTER TABLE ")
        write(alter.name)
        separated(alter.actions, by: ",") { $0.write($1) }
    }

    private mutating func write(_ action: AlterTableSyntax.Action) {
        switch action {
        case .addColumn(let path, let column, let place, let ifNotExists):
            write(ifNotExists ? " ADD COLUMN IF NOT EXISTS " : " ADD COLUMN ")
            write(path)
            write(definition: column)
            if let place { write(place) }
        case .dropColumn(let path, let ifExists):
            write(ifExists ? " DROP COLUMN IF EXISTS " : " DROP COLUMN ")
            write(path)
        case .renameColumn(let path, let name):
            write(" RENAME COLUMN \(path) TO \(name)")
        case .moveColumn(let path, let place):
            write(" ALTER COLUMN \(path)")
            write(place)
        case .setType(let path, let type): write(" ALTER COLUMN \(path) TYPE \(type)")
        case .setRequired(let path, let isRequired):
            write(" ALTER COLUMN \(path) \(isRequired ? "SET" : "DROP") NOT NULL")
        case .commentColumn(let path, let comment):
            write(" ALTER COLUMN \(path)")
            if comment == nil { write(" COMMENT NULL") }
            writeComment(comment)
        case .addPartition(let partition):
            write(" ADD PARTITION FIELD ")
            write(partition)
        case .dropPartition(let transform):
            write(" DROP PARTITION FIELD ")
            write(transform)
        case .replacePartition(let old, let new):
            write(" REPLACE PARTITION FIELD ")
            write(old)
            write(" WITH ")
            write(new)
        case .setOrder(let fields):
            write(fields.isEmpty ? " WRITE UNORDERED" : " WRITE ORDERED BY (")
            separated(fields) { $0.write($1) }
            if !fields.isEmpty { write(")") }
        case .properties(let change): write(change)
        case .renameTable(let name): write(" RENAME TO \(name)")
        }
    }

    private mutating func write(_ place: AlterTableSyntax.Place) {
        switch place {
        case .first: write(" FIRST")
        case .after(let name): write(" AFTER \(name)")
        }
    }

    mutating func write(_ change: PropertyChangeSyntax) {
        if !change.updates.isEmpty { write(" SET ") }
        write(properties: change.updates)
        guard !change.removals.isEmpty else { return }
        write(" UNSET (")
        separated(change.removals) { $0.write(string: $1) }
        write(")")
    }

    /// `('a' = 'b')`; nothing without any.
    mutating func write(properties: [PropertySyntax]) {
        guard !properties.isEmpty else { return }
        write("(")
        separated(properties) { printer, property in
            printer.write(string: property.name)
            printer.write(" = ")
            printer.write(string: property.value)
        }
        write(")")
    }

    private mutating func write(_ partition: PartitionSyntax) {
        write(partition.transform)
        if let name = partition.name { write(" AS \(name)") }
    }

    private mutating func write(_ transform: TransformSyntax) {
        guard let function = transform.function else { return write(transform.column) }
        write("\(function)(")
        if let argument = transform.argument { write("\(argument), ") }
        write(transform.column)
        write(")")
    }

    private mutating func write(_ field: SortFieldSyntax) {
        write(field.transform)
        if field.isDescending { write(" DESC") }
        if let nullsFirst = field.nullsFirst { write(nullsFirst ? " NULLS FIRST" : " NULLS LAST") }
    }
}
