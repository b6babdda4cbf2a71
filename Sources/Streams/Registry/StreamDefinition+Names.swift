import Columnar
import FileFormats

extension StreamDefinition {
    /// Fields become columns. Only new streams are asked: those that are there keep their names.
    ///
    /// - Errors: `STR-104` with the field's path.
    func requireColumnNames() throws(StreamsError) {
        guard case .fields(let fields) = schema else { return }
        try Self.require(fields, "$.schema.fields")
    }

    private static func require(_ fields: [StreamField], _ path: String) throws(StreamsError) {
        for (index, field) in fields.enumerated() {
            let place = "\(path)[\(index)]"
            if let fault = ColumnName.fault(in: field.name) {
                throw StreamsError(
                    .invalidDefinition, "a field becomes a column: its name \(fault)",
                    ["path": place + ".name"])
            }
            try require(field.type, place)
        }
    }

    private static func require(_ type: StreamType, _ path: String) throws(StreamsError) {
        switch type {
        case .structure(let fields): try require(fields, path + ".fields")
        case .list(let item): try require(item.type, path + ".items")
        default: break
        }
    }
}
