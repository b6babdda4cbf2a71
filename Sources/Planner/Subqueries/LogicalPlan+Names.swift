import Columnar
import Plans
import SQLSyntax

extension LogicalPlan {
    /// Whether columns or fields that it reads have names that differ only in case, so that case tells them apart.
    var hasNamesInTwoCases: Bool {
        let fields = schema.fields
        return fields.map(\.name).hasNamesInTwoCases || fields.contains { $0.type.hasFieldsInTwoCases }
            || inputs.contains(where: \.hasNamesInTwoCases)
    }

    /// The tables it reads, in its order, a state of one each time.
    var tables: [String] {
        guard case .scan(let scan) = self else { return inputs.flatMap(\.tables) }
        return ["\(scan.metadataLocation) \(scan.snapshotID.map { "\($0)" } ?? "")"]
    }
}

extension OuterFrame {
    /// As of a plan, of the names around a query: of columns, and of tables.
    var hasNamesInTwoCases: Bool {
        scope.columns.map(\.name).hasNamesInTwoCases
            || Set(scope.columns.flatMap(\.qualifiers).flatMap { $0 }).hasNamesInTwoCases
            || scope.columns.contains { $0.type.hasFieldsInTwoCases }
    }
}

extension DataType {
    fileprivate var hasFieldsInTwoCases: Bool {
        switch self {
        case .list(let element): element.type.hasFieldsInTwoCases
        case .map(let key, let value): key.type.hasFieldsInTwoCases || value.type.hasFieldsInTwoCases
        case .structure(let fields):
            fields.map(\.name).hasNamesInTwoCases || fields.contains { $0.type.hasFieldsInTwoCases }
        default: false
        }
    }
}
