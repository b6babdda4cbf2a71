import Effects
import StreamsKit
import Synchronization

@testable import Metastore
@testable import Pipelines
@testable import Streams

/// Which process has the node, and which had it when the life began: that one may go on without knowing.
final class WorkPlace: Sendable {
    let first: SimulatedProcess
    private let current: Mutex<SimulatedProcess>

    init(_ process: SimulatedProcess) {
        first = process
        current = Mutex(process)
    }

    var owner: SimulatedProcess { current.withLock { $0 } }
    func setOwner(_ process: SimulatedProcess) { current.withLock { $0 = process } }
}

/// A process that stands still for longer than its lease, while another one takes its node and its disk; then it goes on.
extension Simulation {
    func addLeaseTasks(_ place: WorkPlace, to group: inout TaskGroup<String?>) {
        group.addTask { [self] in
            await renew(place.first)
            return nil
        }
        guard machine.chance(2) else { return }
        group.addTask { [self] in await takeOver(place) }
    }

    /// Often enough, or not.
    private func renew(_ process: SimulatedProcess) async {
        for _ in 0..<machine.draw(0...20) where !machine.disk.isCut {
            for _ in 0..<machine.draw(1...10) { await machine.executor.turn() }
            await process.lease?.renew()
        }
    }

    private func takeOver(_ place: WorkPlace) async -> String? {
        for _ in 0..<machine.draw(0...60) { await machine.executor.turn() }
        if machine.disk.isCut { return nil }
        do {
            let lease = try seize()
            place.setOwner(try await comeUp(lease))
            return await workOn(place)
        } catch {
            return machine.disk.isCut ? nil : "taking the node over fails: \(error)"
        }
    }

    /// One that does not come up is started again until it does.
    private func comeUp(_ lease: NodeLease) async throws -> SimulatedProcess {
        let weather = machine.weather
        machine.setWeather(.calm)
        defer { machine.setWeather(weather) }
        for _ in 0..<10 {
            machine.disk.failNextSyncs(0)
            machine.disk.setCapacity(.max)
            do { return try await process(database.metastore, lease) } catch let error as StreamsError
                where [.inputOutputFailed, .noSpace].contains(error.code) && !machine.disk.isCut
            {}
        }
        return try await process(database.metastore, lease)
    }

    /// All of it between two steps of the process that stands still.
    private func seize() throws -> NodeLease {
        machine.clock.advance(microseconds: Int64(SimulatedProcess.leaseSeconds + 1) * 1_000_000)
        machine.moveDisk()
        moves.withLock { $0 += 1 }
        return try database.takeOver(identity, planted: PlantedBugs(planted))
    }

    private func workOn(_ place: WorkPlace) async -> String? {
        let process = place.owner
        return await withTaskGroup(of: String?.self) { group in
            for stream in streams.indices {
                group.addTask { [self] in
                    await produce(to: stream, place)
                    return nil
                }
            }
            for pipeline in pipelines {
                let turns = machine.draw(1...5)
                group.addTask { await process.run(pipeline, turns: turns, rivals: false) }
            }
            group.addTask { [self] in
                await renew(process)
                return nil
            }
            var wrong: String?
            for await found in group { wrong = wrong ?? found }
            return wrong
        }
    }
}
