import Catalogs
import Columnar
import Faults
import Iceberg
import Planner
import SQLSyntax

/// The query of a view, read from whichever of its dialects this server understands.
struct ViewDefinition {
    static let dialect = "firn"
    /// Ours first; the others by how much of their language is ours too.
    private static let readable = [
        dialect, "postgres", "postgresql", "datafusion", "duckdb", "trino", "spark",
    ]

    let query: QuerySyntax
    let sql: String
    let dialect: String
    /// For names without one; nil: the view's own.
    let namespace: [String]?
    let catalogName: String?
    let fields: [Field]

    /// - Errors: `SES-107` with what each dialect's query was refused for.
    init(of metadata: ViewMetadata, called name: TableIdentifier) throws {
        guard let version = metadata.currentVersion, let schema = metadata.schema(withID: version.schemaID)
        else {
            throw SessionsError(.unreadableView, "the view has no version", ["view": name])
        }
        fields = try schema.writable().fields
        namespace = version.defaultNamespace.isRoot ? nil : version.defaultNamespace.levels
        catalogName = version.defaultCatalog
        var refused: [String] = []
        for dialect in Self.readable {
            guard let sql = version.representations.first(where: { $0.dialect == dialect })?.sql else {
                continue
            }
            do {
                guard case .query(let query) = try SQLParser.statement(sql) else {
                    refused.append("\(dialect): it is no query")
                    continue
                }
                (self.query, self.sql, self.dialect) = (query, sql, dialect)
                return
            } catch {
                refused.append("\(dialect): \(error.message)")
            }
        }
        let dialects = version.representations.compactMap(\.dialect).joined(separator: ", ")
        throw SessionsError(
            .unreadableView, "the view's query is in no SQL that this server reads",
            ["view": name, "dialects": dialects, "refused": refused.joined(separator: "; ")],
            hint: "make it anew with CREATE OR REPLACE VIEW")
    }
}
