import Effects
import TestKit
import Testing

@testable import Metastore

@Suite("Dialect and retries")
struct DialectTests {
    @Test("parameters are numbered, but for question marks in quotes")
    func numbers() {
        for (common, own) in [
            ("SELECT 1", "SELECT 1"),
            ("a = ? AND b IN (?, ?)", "a = $1 AND b IN ($2, $3)"),
            ("a = '?' AND b = 'it''s ?' AND c = ?", "a = '?' AND b = 'it''s ?' AND c = $1"),
        ] {
            #expect(Dialect.numbered(common) == own)
        }
    }

    @Test("the common types become the database's own")
    func types() {
        let common = "CREATE TABLE t (n INTEGER PRIMARY KEY, full_text TEXT NOT NULL, raw BLOB, x BIGINT)"
        #expect(Dialect.sqlite.definition(common) == common)
        #expect(
            Dialect.postgres.definition(common)
                == """
                CREATE TABLE t (n BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, \
                full_text TEXT COLLATE "C" NOT NULL, raw BYTEA, x BIGINT)
                """)
    }

    @Test("a conflict is tried again a bounded number of times, ever later; other faults are not")
    func contention() {
        var limits = Metastore.Limits()
        limits.contentionRetries = 3
        let retry = Retry(limits: limits, randomness: SeededRandomness(seed: 1))
        let lost = MetastoreError(.contended, "another was first", mayRetry: true)
        let pauses = (1...4).map { retry.longestPause(after: lost, attempt: $0) }
        #expect(pauses == [0.002, 0.004, 0.008, nil])
        #expect(!retry.pauses(after: MetastoreError(.constraint, "twice"), attempt: 1))
    }

    @Test("during an outage transactions wait until it has lasted too long, and those after it not at all")
    func outage() {
        var limits = Metastore.Limits()
        limits.outageSeconds = 0
        let retry = Retry(limits: limits)
        let lost = MetastoreError(.unavailable, "away", mayRetry: true)
        retry.outageBegan()
        #expect(retry.longestPause(after: lost, attempt: 1) == nil)
        let patient = Retry(limits: Metastore.Limits())
        patient.outageBegan()
        #expect(patient.longestPause(after: lost, attempt: 1) == 0.05)
        #expect(patient.longestPause(after: lost, attempt: 60) == 0.5)
        #expect(patient.longestPause(after: lost, attempt: 65) == nil)
        patient.stop()
        #expect(!patient.pauses(after: lost, attempt: 1))
    }
}
