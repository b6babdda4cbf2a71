import Foundation
package import Iceberg

/// What namespaces and tables may be called: the hosted service's rules, and what paths and wire forms can carry.
struct NameRules {
    static let reservedNamespaces: Set<String> = ["system", "examples", "information_schema"]
    let limits: CatalogLimits

    func check(_ namespace: Namespace) throws(CatalogError) {
        guard !namespace.levels.isEmpty else {
            throw CatalogError(.invalidName, "a namespace needs at least one level")
        }
        guard namespace.levels.count <= limits.namespaceDepth else {
            throw CatalogError(
                .limitExceeded, "the namespace has too many levels",
                ["namespace": namespace, "levels": namespace.levels.count, "most": limits.namespaceDepth])
        }
        for level in namespace.levels { try check(level, what: "namespace") }
        if let first = namespace.levels.first, Self.reservedNamespaces.contains(first.lowercased()) {
            throw CatalogError(
                .invalidName, "the namespace's name is reserved", ["namespace": namespace],
                hint: "reserved are \(Self.reservedNamespaces.sorted().joined(separator: ", "))")
        }
    }

    func check(tableName name: String) throws(CatalogError) { try check(name, what: "table") }

    private func check(_ name: String, what: String) throws(CatalogError) {
        let isPlain = name.unicodeScalars.allSatisfy {
            $0.value >= 0x20 && $0.value != 0x7F && $0 != "." && $0 != "/"
        }
        guard !name.isEmpty, isPlain, name.utf8.count <= limits.nameBytes else {
            throw CatalogError(
                .invalidName, "a \(what) cannot have this name", ["name": name.prefix(300)],
                hint: "names have 1 to \(limits.nameBytes) bytes and no dot, slash or control character")
        }
        // One name, one spelling: two that look the same and are not would be two tables nobody can tell apart.
        guard name.precomposedStringWithCanonicalMapping.utf8.elementsEqual(name.utf8) else {
            throw CatalogError(
                .invalidName, "the \(what)'s name is not in Unicode's composed form", ["name": name],
                hint: "send it in normalization form C")
        }
    }
}

extension Catalog {
    /// For whoever makes a table later, and should say at once that it cannot.
    ///
    /// - Errors: `CAT-201`, `CAT-202`.
    package func checkNames(of table: TableIdentifier) throws(CatalogError) {
        let rules = NameRules(limits: limits)
        try rules.check(table.namespace)
        try rules.check(tableName: table.name)
    }
}
