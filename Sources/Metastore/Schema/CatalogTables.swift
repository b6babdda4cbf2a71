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

    /// What is still to be deleted, and what answered a request that may come again.
    ///
    /// A row of `purges` owns its location until everything below is gone. `expired_lists` are manifest lists of
    /// snapshots that a commit took away; readers may still be at them for a while.
    static let version2: [String] = [
        """
        CREATE TABLE purges (
            location TEXT PRIMARY KEY,
            table_uuid TEXT NOT NULL,
            requested_at BIGINT NOT NULL
        )
        """,
        """
        CREATE TABLE expired_lists (
            path TEXT PRIMARY KEY,
            table_id TEXT NOT NULL,
            expired_at BIGINT NOT NULL
        )
        """,
        "CREATE INDEX expired_lists_by_time ON expired_lists (expired_at)",
        """
        CREATE TABLE idempotency_keys (
            principal TEXT NOT NULL,
            operation TEXT NOT NULL,
            idempotency_key TEXT NOT NULL,
            request_hash BLOB NOT NULL,
            answer TEXT NOT NULL,
            expires_at BIGINT NOT NULL,
            PRIMARY KEY (principal, operation, idempotency_key)
        )
        """,
        "CREATE INDEX idempotency_keys_by_time ON idempotency_keys (expires_at)",
    ]

    /// Default places that tables and views left under another name than the place is called by.
    static let leftPlaces = [
        "CREATE TABLE left_places (location TEXT PRIMARY KEY, left_at BIGINT NOT NULL)"
    ]

    /// A key is looked up whatever it was used for.
    static let answersByKey = [
        "CREATE INDEX idempotency_keys_by_key ON idempotency_keys (principal, idempotency_key)"
    ]
}
