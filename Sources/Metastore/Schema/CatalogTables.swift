/// Warehouses, namespaces, tables and views. A table's or view's row holds its pointer; everything else is in its metadata file.
///
/// A namespace's `path` is its levels joined by U+001F, which no level may contain. `location` is normalised: no
/// trailing slash is missing, so one location lies inside another exactly when it begins with it. Times are
/// microseconds.
enum CatalogTables {
    static let version1: [String] = [
        """
        CREATE TABLE warehouses (
            id TEXT PRIMARY KEY,
            account TEXT NOT NULL,
            bucket TEXT NOT NULL UNIQUE,
            name TEXT NOT NULL UNIQUE,
            is_active BIGINT NOT NULL,
            created_at BIGINT NOT NULL
        )
        """,
        """
        CREATE TABLE namespaces (
            id TEXT PRIMARY KEY,
            warehouse_id TEXT NOT NULL REFERENCES warehouses (id),
            parent_id TEXT REFERENCES namespaces (id),
            path TEXT NOT NULL,
            created_at BIGINT NOT NULL,
            UNIQUE (warehouse_id, path)
        )
        """,
        "CREATE INDEX namespaces_by_parent ON namespaces (parent_id)",
        """
        CREATE TABLE namespace_properties (
            namespace_id TEXT NOT NULL REFERENCES namespaces (id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            value TEXT NOT NULL,
            PRIMARY KEY (namespace_id, name)
        )
        """,
        """
        CREATE TABLE tables (
            id TEXT PRIMARY KEY,
            warehouse_id TEXT NOT NULL REFERENCES warehouses (id),
            namespace_id TEXT NOT NULL REFERENCES namespaces (id),
            name TEXT NOT NULL,
            uuid TEXT NOT NULL,
            location TEXT NOT NULL UNIQUE,
            metadata_location TEXT NOT NULL,
            previous_metadata_location TEXT,
            version BIGINT NOT NULL,
            created_at BIGINT NOT NULL,
            updated_at BIGINT NOT NULL,
            UNIQUE (namespace_id, name),
            UNIQUE (warehouse_id, uuid)
        )
        """,
        """
        CREATE TABLE views (
            id TEXT PRIMARY KEY,
            warehouse_id TEXT NOT NULL REFERENCES warehouses (id),
            namespace_id TEXT NOT NULL REFERENCES namespaces (id),
            name TEXT NOT NULL,
            uuid TEXT NOT NULL,
            location TEXT NOT NULL UNIQUE,
            metadata_location TEXT NOT NULL,
            version BIGINT NOT NULL,
            created_at BIGINT NOT NULL,
            updated_at BIGINT NOT NULL,
            UNIQUE (namespace_id, name),
            UNIQUE (warehouse_id, uuid)
        )
        """,
    ]
}
