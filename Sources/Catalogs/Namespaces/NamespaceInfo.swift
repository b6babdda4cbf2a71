package import Iceberg

/// A namespace with its properties.
package struct NamespaceInfo: Sendable, Hashable {
    package var namespace: Namespace
    package var properties: [String: String]

    package init(namespace: Namespace, properties: [String: String]) {
        self.namespace = namespace
        self.properties = properties
    }
}

/// What became of a change to a namespace's properties; each list is sorted.
package struct NamespacePropertyChanges: Sendable, Hashable {
    package var updated: [String] = []
    package var removed: [String] = []
    /// Asked to be removed, but not there.
    package var missing: [String] = []
}
