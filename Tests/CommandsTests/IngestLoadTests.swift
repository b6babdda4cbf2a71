import JSONText
import Testing

@testable import Commands

@Suite("The numbers of a load's requests")
struct IngestLoadTests {
    @Test("follow from the batch's place alone, with one producer a lane")
    func places() {
        let load = IngestLoad(name: "monday")
        let places = (0..<1000).map { _ in load.next() }
        #expect(Set(places.map(\.producer)).count == IngestLoad.laneCount)
        #expect(places[0] == IngestLoad.Place(producer: "monday/0", lane: 0, number: 0))
        #expect(places[64] == IngestLoad.Place(producer: "monday/0", lane: 0, number: 1))
        for lane in 0..<IngestLoad.laneCount {
            // What a stream asks of a producer: no gap.
            let numbers = places.filter { $0.lane == lane }.map(\.number)
            #expect(numbers == (0..<Int64(numbers.count)).map { $0 })
        }
        let again = IngestLoad(name: "monday")
        #expect((0..<1000).map { _ in again.next() } == places)
    }

    @Test(
        "a load that ends before what was kept under its name is another one",
        arguments: [1, 63, 64, 65, 200])
    func ends(batches: Int) throws {
        let load = IngestLoad(name: "monday")
        for _ in 0..<batches {
            let place = load.next()
            load.noteKept(lane: place.lane, upTo: place.number)
        }
        try load.checkEnd()
        // One more batch had been sent.
        let next = IngestLoad(name: "monday")
        for _ in 0..<batches { _ = next.next() }
        let more = next.next()
        load.noteKept(lane: more.lane, upTo: more.number)
        #expect(throws: CommandError.self) { try load.checkEnd() }
    }

    @Test("counts of an answer are those of what was sent")
    func answers() throws {
        let answer = try IngestAnswer(
            [
                "committed": 2, "rejected": 1,
                "misfits": [
                    ["index": 1, "path": "$.id", "code": "type_mismatch", "message": "expected int64"]
                ],
            ], sent: 3, wasKept: false)
        #expect(answer.accepted == 2 && answer.rejected == 1)
        #expect(answer.misfits.map(\.index) == [1])
        #expect(try IngestAnswer(["committed": 3], sent: 3, wasKept: false).rejected == 0)
        for (committed, rejected) in [(2, 0), (2, 2), (4, -1), (-1, 4)] {
            #expect(throws: CommandError.self) {
                try IngestAnswer(
                    ["committed": .integer(Int64(committed)), "rejected": .integer(Int64(rejected))], sent: 3,
                    wasKept: false)
            }
        }
    }
}
