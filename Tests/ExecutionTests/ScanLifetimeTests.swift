import Columnar
import Plans
import Testing

@testable import Execution

@Suite("What a scan leaves")
struct ScanLifetimeTests {
    @Test("a scan goes, with the files it opened, when nobody reads from it any more")
    func letsGo() async throws {
        let table = try await ScannedTable(seed: 5, commits: 2)
        weak var left: ScanSource?
        for isReadToTheEnd in [true, false] {
            let source = ScanSource(
                table.scan, FilterChannels(), World(store: table.store).context(),
                ScanCounters())
            left = source
            try await source.prepare()
            var count = 0
            while let morsel = try await source.next() {
                try morsel.run { batch in
                    count += batch.rowCount
                    return .more
                }
                if !isReadToTheEnd { break }
            }
            #expect(count == table.rows.count || !isReadToTheEnd)
        }
        #expect(left == nil)
    }
}
