import Synchronization
import Tables

/// What a scan, or all scans of a query, read from the store, and what each level left out.
package final class ScanCounters: Sendable {
    private let total: ScanCounters?
    private let planned = Mutex(PlanCounts())
    private let requestCount = Atomic<Int64>(0)
    private let fileCount = Atomic<Int64>(0)
    private let byteCount = Atomic<Int64>(0)
    private let rowGroupCount = Atomic<Int64>(0)
    private let skippedCount = Atomic<Int64>(0)
    private let pageCount = Atomic<Int64>(0)
    private let skippedPageCount = Atomic<Int64>(0)

    /// What is counted here also counts in `total`.
    init(total: ScanCounters? = nil) { self.total = total }

    package var requests: Int64 { requestCount.load(ordering: .relaxed) }
    package var files: Int64 { fileCount.load(ordering: .relaxed) }
    /// Compressed bytes of column chunks.
    package var bytes: Int64 { byteCount.load(ordering: .relaxed) }
    package var rowGroups: Int64 { rowGroupCount.load(ordering: .relaxed) }
    /// Row groups that statistics or the filter's columns ruled out.
    package var skippedRowGroups: Int64 { skippedCount.load(ordering: .relaxed) }
    /// Pages of filtered columns whose bounds were looked at, and those of them that were ruled out.
    package var pages: Int64 { pageCount.load(ordering: .relaxed) }
    package var skippedPages: Int64 { skippedPageCount.load(ordering: .relaxed) }

    /// What planning has seen so far; of one scan only.
    func planned(_ counts: PlanCounts) { planned.withLock { $0 = counts } }

    func readPageIndex() {
        requestCount.add(1, ordering: .relaxed)
        total?.readPageIndex()
    }
    func foundPages(_ count: Int, skipped: Int) {
        pageCount.add(Int64(count), ordering: .relaxed)
        skippedPageCount.add(Int64(skipped), ordering: .relaxed)
        total?.foundPages(count, skipped: skipped)
    }
    func openedFile() {
        fileCount.add(1, ordering: .relaxed)
        requestCount.add(1, ordering: .relaxed)
        total?.openedFile()
    }
    func fetched(bytes: Int) {
        requestCount.add(1, ordering: .relaxed)
        byteCount.add(Int64(bytes), ordering: .relaxed)
        total?.fetched(bytes: bytes)
    }
    func foundRowGroups(_ count: Int, skipped: Int) {
        rowGroupCount.add(Int64(count), ordering: .relaxed)
        skippedCount.add(Int64(skipped), ordering: .relaxed)
        total?.foundRowGroups(count, skipped: skipped)
    }
    func skippedRowGroup() {
        skippedCount.add(1, ordering: .relaxed)
        total?.skippedRowGroup()
    }

    /// Every number by its name.
    package var numbers: [(name: String, count: Int64)] {
        let planned = planned.withLock { $0 }
        return [
            ("manifests", Int64(planned.manifests)), ("manifests_skipped", Int64(planned.skippedManifests)),
            ("files", Int64(planned.files)), ("files_skipped", Int64(planned.skippedFiles)),
            ("delete_files", Int64(planned.deleteFiles)), ("row_groups", rowGroups),
            ("row_groups_skipped", skippedRowGroups), ("pages", pages), ("pages_skipped", skippedPages),
            ("requests", requests), ("bytes_read", bytes),
        ]
    }

    /// `manifests=3 (1 skipped), files=…`; levels that were not reached are left out.
    package var text: String {
        let planned = planned.withLock { $0 }
        func part(_ name: String, _ count: Int64, _ skipped: Int64) -> String? {
            count == 0 ? nil : "\(name)=\(count)" + (skipped == 0 ? "" : " (\(skipped) skipped)")
        }
        return [
            part("manifests", Int64(planned.manifests), Int64(planned.skippedManifests)),
            part("files", Int64(planned.files), Int64(planned.skippedFiles)),
            part("delete files", Int64(planned.deleteFiles), 0),
            part("row groups", rowGroups, skippedRowGroups),
            part("pages", pages, skippedPages), "requests=\(requests)", "read=\(bytes)",
        ].compactMap { $0 }.joined(separator: ", ")
    }
}
