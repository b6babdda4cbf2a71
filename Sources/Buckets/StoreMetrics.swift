import Telemetry

/// What the store counts.
struct StoreMetrics: Sendable {
    let journalSyncs: Counter
    let journalRecords: Counter
    let journalBytes: Counter
    let fileSyncs: Counter
    let directorySyncs: Counter
    let checkpoints: Counter
    let checkpointFailures: Counter
    let compactedSegments: Counter
    let movedBytes: Counter
    let corruptReads: Counter
    let isPoisoned: Gauge
    let waitingChanges: Gauge
    let expiredObjects: Counter
    let scrubbedBytes: Counter
    let scrubbedObjects: Counter
    let scrubFailures: Counter
    let unfinishedUploads: Gauge
    let unfinishedBytes: Gauge
    let openFiles: Gauge

    init(_ registry: MetricsRegistry) {
        journalSyncs = registry.counter(
            "firn_store_journal_syncs_total",
            help: "fdatasync calls on the journal; one serves a group of writers")
        journalRecords = registry.counter("firn_store_journal_records_total", help: "Changes made durable")
        journalBytes = registry.counter(
            "firn_store_journal_bytes_total", help: "Bytes written to the journal")
        fileSyncs = registry.counter(
            "firn_store_file_syncs_total", help: "fdatasync calls on files of objects")
        directorySyncs = registry.counter(
            "firn_store_directory_syncs_total", help: "fsync calls on directories")
        checkpoints = registry.counter(
            "firn_store_checkpoints_total", help: "Checkpoints of the index written")
        checkpointFailures = registry.counter(
            "firn_store_checkpoint_failures_total", help: "Checkpoints that could not be written")
        compactedSegments = registry.counter(
            "firn_store_compacted_segments_total", help: "Segments whose remaining objects were moved")
        movedBytes = registry.counter(
            "firn_store_moved_bytes_total", help: "Bytes of objects that compaction wrote once more")
        corruptReads = registry.counter(
            "firn_store_corrupt_reads_total", help: "Reads of objects whose checksum did not fit")
        isPoisoned = registry.gauge("firn_store_poisoned", help: "1 while the journal waits to be re-opened")
        expiredObjects = registry.counter(
            "firn_store_expired_objects_total", help: "Objects deleted by lifecycle rules")
        scrubbedBytes = registry.counter(
            "firn_store_scrubbed_bytes_total", help: "Bytes read back and checked in the background")
        scrubbedObjects = registry.counter(
            "firn_store_scrubbed_objects_total", help: "Objects read back and checked in the background")
        scrubFailures = registry.counter(
            "firn_store_scrub_failures_total",
            help: "Objects that the background check found damaged or unreadable")
        unfinishedUploads = registry.gauge(
            "firn_store_unfinished_uploads", help: "Multipart uploads neither completed nor aborted")
        unfinishedBytes = registry.gauge(
            "firn_store_unfinished_bytes", help: "Bytes of their parts")
        openFiles = registry.gauge(
            "firn_store_open_files", help: "Files of objects kept open between reads")
        waitingChanges = registry.gauge(
            "firn_store_waiting_changes", help: "Changes that wait for the journal")
    }
}
