/// Every version of the schema: the statements that lead to it from the one before.
///
/// A released version never changes; a change is a new entry at the end. Each room's tables are in a file of their own.
enum SchemaVersions {
    static let all: [[String]] = [
        CatalogTables.version1 + IdentityTables.version1 + StreamTables.version1 + PipelineTables.version1,
        CatalogTables.version2,
        StreamTables.deletedStreams + PipelineTables.statements,
        PipelineTables.trials,
        PipelineTables.runs,
        CatalogTables.answersByKey,
        PipelineTables.promisedFiles,
        IdentityTables.settingTokens,
        CatalogTables.leftPlaces,
        NodeTables.leases,
        PipelineTables.retiredStatements,
        PipelineTables.transactions + PipelineTables.work + PipelineTables.legacyVersions,
    ]
}
