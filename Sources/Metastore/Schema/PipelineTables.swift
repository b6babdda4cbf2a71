/// Sinks, pipelines, their progress and their counts. Times are microseconds.
///
/// A progress row is one pipeline's way from a stream into a sink's table. `next_record` and `next_event` are the
/// first event of the log not yet landed; `start_event` and `landed_event` number events from the stream's creation, so
/// that `passed + filtered + rejected = landed_event - start_event` holds in every row.
enum PipelineTables {
    static let version1: [String] = [
        """
        CREATE TABLE sinks (
            id TEXT PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            definition TEXT NOT NULL,
            created_at BIGINT NOT NULL,
            modified_at BIGINT NOT NULL
        )
        """,
        """
        CREATE TABLE pipelines (
            id TEXT PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            sql_text TEXT NOT NULL,
            status TEXT NOT NULL,
            failure_reason TEXT,
            created_at BIGINT NOT NULL,
            modified_at BIGINT NOT NULL
        )
        """,
        """
        CREATE TABLE pipeline_progress (
            pipeline_id TEXT NOT NULL REFERENCES pipelines (id),
            sink_id TEXT NOT NULL REFERENCES sinks (id),
            stream_id TEXT NOT NULL REFERENCES streams (id),
            table_uuid TEXT,
            next_record BIGINT NOT NULL,
            next_event BIGINT NOT NULL,
            owner_epoch BIGINT NOT NULL,
            commit_id TEXT,
            start_event BIGINT NOT NULL,
            landed_event BIGINT NOT NULL,
            passed BIGINT NOT NULL,
            filtered BIGINT NOT NULL,
            rejected BIGINT NOT NULL,
            sink_rows BIGINT NOT NULL,
            unknown_fields BIGINT NOT NULL,
            committed_at BIGINT,
            PRIMARY KEY (pipeline_id, sink_id, stream_id)
        )
        """,
        "CREATE INDEX pipeline_progress_by_stream ON pipeline_progress (stream_id)",
        "CREATE INDEX pipeline_progress_by_sink ON pipeline_progress (sink_id)",
    ]

    /// Several statements of one pipeline progress, and fail, each by itself.
    static let statements: [String] = [
        "ALTER TABLE pipeline_progress ADD COLUMN statement BIGINT NOT NULL DEFAULT 0",
        "ALTER TABLE pipeline_progress ADD COLUMN failure TEXT",
    ]

    /// Which run of a statement a reject belongs to: another one after a reset. None before the first claim.
    static let runs = ["ALTER TABLE pipeline_progress ADD COLUMN run_id TEXT"]

    /// Files of sinks that a commit has promised and nobody sees yet, and the numbers that files are named by.
    ///
    /// A promise outlives its pipeline: its rows were counted. `receipt` is how the store finds the bytes. A writer of
    /// a sink is a pipeline's statement; its number stays taken as long as the sink is there.
    static let promisedFiles: [String] = [
        """
        CREATE TABLE promised_files (
            id TEXT PRIMARY KEY,
            pipeline_id TEXT NOT NULL,
            sink_id TEXT NOT NULL,
            stream_id TEXT NOT NULL,
            bucket TEXT NOT NULL,
            object_key TEXT NOT NULL,
            size BIGINT NOT NULL,
            receipt TEXT NOT NULL,
            first_record BIGINT NOT NULL,
            end_record BIGINT NOT NULL,
            is_lost BIGINT NOT NULL DEFAULT 0,
            promised_at BIGINT NOT NULL
        )
        """,
        "CREATE INDEX promised_files_by_statement ON promised_files (pipeline_id, sink_id, stream_id)",
        """
        CREATE TABLE file_writers (
            sink_id TEXT NOT NULL,
            pipeline_id TEXT NOT NULL,
            stream_id TEXT NOT NULL,
            number BIGINT NOT NULL,
            next_serial BIGINT NOT NULL,
            PRIMARY KEY (sink_id, pipeline_id, stream_id)
        )
        """,
    ]

    /// Where statements stood that a change of a pipeline's SQL took away. `destination` is a sink's table or folder.
    static let retiredStatements: [String] = [
        """
        CREATE TABLE retired_statements (
            pipeline_id TEXT NOT NULL,
            stream_id TEXT NOT NULL,
            destination TEXT NOT NULL,
            sink_id TEXT NOT NULL,
            table_uuid TEXT,
            next_record BIGINT NOT NULL,
            next_event BIGINT NOT NULL,
            start_event BIGINT NOT NULL,
            landed_event BIGINT NOT NULL,
            passed BIGINT NOT NULL,
            filtered BIGINT NOT NULL,
            rejected BIGINT NOT NULL,
            sink_rows BIGINT NOT NULL,
            unknown_fields BIGINT NOT NULL,
            run_id TEXT,
            retired_at BIGINT NOT NULL,
            PRIMARY KEY (pipeline_id, stream_id, destination)
        )
        """,
        "CREATE INDEX retired_statements_by_time ON retired_statements (pipeline_id, retired_at)",
    ]

    /// Of pipelines that were made without SQL: how often they were saved.
    static let legacyVersions = ["ALTER TABLE pipelines ADD COLUMN legacy_version BIGINT"]

    /// What a pipeline works on after the process died repeatedly, so that a record that ends it is found. `deaths`
    /// counts the ends while exactly these records were worked on.
    static let trials: [String] = [
        """
        CREATE TABLE pipeline_trials (
            pipeline_id TEXT NOT NULL,
            sink_id TEXT NOT NULL,
            stream_id TEXT NOT NULL,
            first_record BIGINT NOT NULL,
            end_record BIGINT NOT NULL,
            deaths BIGINT NOT NULL,
            is_open BIGINT NOT NULL,
            PRIMARY KEY (pipeline_id, sink_id, stream_id),
            FOREIGN KEY (pipeline_id, sink_id, stream_id)
                REFERENCES pipeline_progress (pipeline_id, sink_id, stream_id) ON DELETE CASCADE
        )
        """,
        """
        CREATE TABLE node_starts (
            id BIGINT PRIMARY KEY,
            unclean_starts BIGINT NOT NULL,
            started_at BIGINT NOT NULL
        )
        """,
    ]

    /// What a statement has done: counted in the transaction that moves it, since its first commit that was.
    static let work = [
        "ALTER TABLE pipeline_progress ADD COLUMN commits BIGINT NOT NULL DEFAULT 0",
        "ALTER TABLE pipeline_progress ADD COLUMN retries BIGINT NOT NULL DEFAULT 0",
        "ALTER TABLE pipeline_progress ADD COLUMN files BIGINT NOT NULL DEFAULT 0",
        "ALTER TABLE pipeline_progress ADD COLUMN bytes_out BIGINT NOT NULL DEFAULT 0",
        "ALTER TABLE pipeline_progress ADD COLUMN counted_since BIGINT",
        "ALTER TABLE retired_statements ADD COLUMN commits BIGINT NOT NULL DEFAULT 0",
        "ALTER TABLE retired_statements ADD COLUMN retries BIGINT NOT NULL DEFAULT 0",
        "ALTER TABLE retired_statements ADD COLUMN files BIGINT NOT NULL DEFAULT 0",
        "ALTER TABLE retired_statements ADD COLUMN bytes_out BIGINT NOT NULL DEFAULT 0",
        "ALTER TABLE retired_statements ADD COLUMN counted_since BIGINT",
    ]

    /// Pipelines whose statements commit together.
    static let transactions = ["ALTER TABLE pipelines ADD COLUMN is_transaction BIGINT NOT NULL DEFAULT 0"]
}
