import Effects
import Faults
import Planner
import TestKit
import Testing

@testable import Sessions

@Suite("Time travel")
struct TimeTravelTests {
    @Test("an id, a time and a tag give the rows and columns of their snapshot")
    func snapshots() async throws {
        let fixture = try await SessionFixture()
        _ = try await fixture.texts("CREATE TABLE web.t (id INT, name STRING) PARTITIONED BY (bucket(4, id))")
        fixture.clock.advance(microseconds: 3_600_000_000)
        let before = fixture.clock.now
        fixture.clock.advance(microseconds: 3_600_000_000)
        _ = try await fixture.texts("INSERT INTO web.t VALUES (1, 'a'), (2, 'b')")
        let first = try await fixture.texts("SELECT snapshot_id FROM web.t.snapshots")[0]
        let firstTime = fixture.clock.now
        fixture.clock.advance(microseconds: 3_600_000_000)
        _ = try await fixture.texts(
            "ALTER TABLE web.t RENAME COLUMN name TO label, ALTER id TYPE BIGINT, ADD COLUMN size INT")
        _ = try await fixture.texts("INSERT INTO web.t VALUES (3000000000, 'c', 7)")
        fixture.clock.advance(microseconds: 3_600_000_000)

        let old = ["1 | a", "2 | b"]
        #expect(try await fixture.texts("SELECT * FROM web.t FOR VERSION AS OF \(first) ORDER BY id") == old)
        #expect(try await fixture.texts("SELECT * FROM web.t VERSION AS OF '\(first)' ORDER BY id") == old)
        #expect(
            try await fixture.texts(
                "SELECT name FROM web.t FOR VERSION AS OF \(first) x WHERE id = 1 AND x.name > ''") == ["a"])
        let time = "CAST(\(firstTime.microseconds) AS BIGINT)"
        #expect(
            try await fixture.texts(
                "SELECT * FROM web.t FOR SYSTEM_TIME AS OF to_timestamp_micros(\(time)) ORDER BY id") == old)
        #expect(try await fixture.texts("SELECT count(*) FROM web.t FOR TIMESTAMP AS OF now()") == ["3"])
        #expect(
            try await fixture.texts(
                """
                SELECT count(*) FROM web.t a JOIN web.t FOR VERSION AS OF \(first) b ON a.id = b.id
                """) == ["2"])
        #expect(
            try await fixture.texts("SELECT count(*) FROM web.t.files FOR VERSION AS OF \(first)")
                != ["0"])
        let fault = await #expect(throws: PlannerError.self) {
            try await fixture.texts(
                "SELECT * FROM web.t FOR TIMESTAMP AS OF to_timestamp_micros(\(before.microseconds))")
        }
        #expect(fault?.code == .invalidVersion)
        #expect(fault?.place == .text(line: 1, column: 15))
        #expect(fault?.hint?.hasPrefix("the oldest known is of") == true)
    }
}
