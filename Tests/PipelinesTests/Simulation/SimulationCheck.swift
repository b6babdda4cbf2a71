import StreamsKit

@testable import Pipelines
@testable import Streams

/// Compares what landed with what was sent and what was promised of it.
struct SimulationCheck {
    let process: SimulatedProcess
    let sent: [SentRequest]

    /// What must hold at any moment: the counters add up, and nothing is trimmed that a statement has not landed.
    static func imbalance(of process: SimulatedProcess) async -> String? {
        if let wrong = await differences(of: process) { return wrong }
        for statement in process.statements {
            do {
                let stats = try await process.stats(of: statement)
                let log = process.logs[statement.streamIndex].status
                guard stats.accepted == stats.counts.events + stats.pending, stats.pending >= 0 else {
                    return "the counters of \(statement.name) do not add up: \(stats)"
                }
                guard log.oldest <= stats.next else {
                    return "\(statement.name) stands at \(stats.next), the log begins at \(log.oldest)"
                }
            } catch {
                return process.machine.disk.isCut ? nil : "the progress cannot be read: \(error)"
            }
        }
        return nil
    }

    /// What must hold at any moment of statements that commit together: they stand at one place of a stream, and their
    /// tables show the same events of it.
    static func differences(of process: SimulatedProcess) async -> String? {
        for pipeline in process.pipelines where pipeline.count > 1 {
            do {
                let before = try await process.progresses(of: pipeline)
                for pair in pairs(of: pipeline) where before[pair.0].next != before[pair.1].next {
                    return "statements of one transaction stand at \(before.map(\.next))"
                }
                var tables: [Set<Int64>] = []
                for statement in pipeline {
                    let ids = try await process.landed.ids(of: statement.sink)
                    tables.append(Set(ids[Int64(statement.number)] ?? []))
                }
                // A commit in between is seen in the progress: then these were tables of different moments.
                guard try await process.progresses(of: pipeline) == before else { continue }
                for pair in pairs(of: pipeline) where tables[pair.0] != tables[pair.1] {
                    return
                        "tables of one transaction differ in \(tables[pair.0].symmetricDifference(tables[pair.1]))"
                }
            } catch {
                // The weather: nobody has seen anything.
                continue
            }
        }
        return nil
    }

    /// Statements of one stream.
    private static func pairs(of pipeline: [SimulatedStatement]) -> [(Int, Int)] {
        pipeline.indices.dropFirst().compactMap { index in
            let first = pipeline.firstIndex { $0.streamIndex == pipeline[index].streamIndex } ?? index
            return first == index ? nil : (first, index)
        }
    }

    /// After everything has landed.
    func violation() async throws -> String? {
        if let wrong = await Self.imbalance(of: process) { return wrong }
        var presence: [Int: Bool] = [:]
        for statement in process.statements {
            let rows = try await process.landed.ids(of: statement.sink)[Int64(statement.number)] ?? []
            let rejects = try await process.landed.rejects(of: statement.stream)[statement.name] ?? []
            let requests = sent.filter { $0.stream == statement.streamIndex }
            if let wrong = Self.compare(rows, rejects, requests, &presence) {
                return "\(statement.name): \(wrong)"
            }
            let stats = try await process.stats(of: statement)
            guard stats.pending == 0, stats.counts.passed == rows.count, stats.counts.sinkRows == rows.count,
                stats.counts.rejected == rejects.count
            else {
                return "\(statement.name): \(rows.count) rows and \(rejects.count) rejects, counted \(stats)"
            }
            let least = requests.filter { $0.acknowledged != nil || presence[$0.number] == true }
            let most = requests.filter { !$0.isRefused && presence[$0.number] != false }
            guard (least.eventCount...most.eventCount).contains(Int(stats.accepted)) else {
                return
                    "\(statement.name): \(stats.accepted) events accepted, \(least.eventCount) to "
                    + "\(most.eventCount) sent"
            }
        }
        return nil
    }

    /// `presence` says of requests whether their events are there; all statements of a stream see the same ones.
    private static func compare(
        _ rows: [Int64], _ rejects: [String], _ requests: [SentRequest], _ presence: inout [Int: Bool]
    ) -> String? {
        let rowCounts = Dictionary(rows.map { ($0, 1) }, uniquingKeysWith: +)
        let rejectCounts = Dictionary(rejects.map { ($0, 1) }, uniquingKeysWith: +)
        if let twice = rowCounts.filter({ $0.value > 1 }).keys.min() { return "event \(twice) landed twice" }
        if let twice = rejectCounts.filter({ $0.value > 1 }).keys.min() {
            return "reject \(twice) is there twice"
        }
        var expectedRows = 0
        var expectedRejects = 0
        for request in requests {
            let found =
                request.rowIDs.count { rowCounts[$0] != nil }
                + request.rejectTexts.count { rejectCounts[$0] != nil }
            let whole = request.rowIDs.count + request.rejectTexts.count
            if request.acknowledged != nil, found < whole {
                return "of acknowledged request \(request.number) \(found) of \(whole) events are there"
            }
            if whole == 0 { continue }
            if found != 0, found != whole {
                return "request \(request.number) is torn: \(found) of \(whole) events are there"
            }
            if request.isRefused, found > 0 { return "refused request \(request.number) is there" }
            if presence[request.number, default: found > 0] != (found > 0) {
                return "request \(request.number) landed for one pipeline alone"
            }
            presence[request.number] = found > 0
            if found > 0 {
                expectedRows += request.rowIDs.count
                expectedRejects += request.rejectTexts.count
            }
        }
        guard rows.count == expectedRows, rejects.count == expectedRejects else {
            return "events are there that nobody sent: \(rows.count - expectedRows) rows, "
                + "\(rejects.count - expectedRejects) rejects"
        }
        return nil
    }
}

extension [SentRequest] {
    fileprivate var eventCount: Int { reduce(0) { $0 + $1.ids.count } }
}
