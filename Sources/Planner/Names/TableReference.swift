package import SQLSyntax

/// A table as a query names it: by name, perhaps at an earlier time.
package struct TableReference: Sendable, Hashable {
    package var name: QualifiedName
    package var version: NamedTableSyntax.Version?

    package init(_ name: QualifiedName, version: NamedTableSyntax.Version? = nil) {
        self.name = name
        self.version = version
    }
}

/// Which state of a table is meant.
package enum TableVersion: Sendable, Hashable {
    case snapshot(Int64)
    /// A branch or tag; digits may also be a snapshot's id.
    case named(String)
    /// Microseconds since the epoch.
    case time(Int64)
}
