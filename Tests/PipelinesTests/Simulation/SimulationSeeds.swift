import Effects
import Foundation
import Synchronization

/// Runs seeds on threads of their own, since a simulation keeps its thread busy.
final class SimulationSeeds: Sendable {
    struct Found: Sendable {
        var seed: UInt64
        var violation: String
    }

    private struct State {
        var next: UInt64
        var found: [Found] = []
        var running: Int
    }

    private let last: UInt64
    private let planted: Set<PlantedBug>
    private let state: Mutex<State>

    private init(_ seeds: ClosedRange<UInt64>, planted: Set<PlantedBug>, threads: Int) {
        last = seeds.upperBound
        self.planted = planted
        state = Mutex(State(next: seeds.lowerBound, running: threads))
    }

    /// The first violations that are found, at most one a thread; none when all is well.
    static func violations(
        in seeds: ClosedRange<UInt64>, planted: Set<PlantedBug> = [], threads: Int = 2
    ) async -> [Found] {
        let run = SimulationSeeds(seeds, planted: planted, threads: threads)
        return await withCheckedContinuation { continuation in
            for _ in 0..<threads {
                let thread = Thread {
                    if let all = run.work() {
                        continuation.resume(returning: all.sorted { $0.seed < $1.seed })
                    }
                }
                thread.stackSize = 8 << 20
                thread.start()
            }
        }
    }

    /// What all threads found, for the last of them.
    private func work() -> [Found]? {
        do {
            let scratch = try SimulationScratch()
            while let seed = next() {
                let violation = try scratch.run(seed: seed, planted: planted).violation
                if let violation { note(Found(seed: seed, violation: violation)) }
            }
        } catch {
            note(Found(seed: 0, violation: "the simulation cannot run: \(error)"))
        }
        return state.withLock { state in
            state.running -= 1
            return state.running == 0 ? state.found : nil
        }
    }

    private func note(_ found: Found) { state.withLock { $0.found.append(found) } }

    private func next() -> UInt64? {
        state.withLock { state in
            guard state.next <= last, state.found.isEmpty else { return nil }
            defer { state.next += 1 }
            return state.next
        }
    }
}

/// Where the databases of one thread's seeds lie: in memory, where the machine has such a file system.
final class SimulationScratch {
    private let directory: String
    private let template: [UInt8]

    init() throws {
        let parent = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
        directory = "\(parent)/firn-simulation-\(UniqueID.random(from: LiveRandomness()).hexDigits)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let path = directory + "/template.db"
        try SimulatedDatabase.makeTemplate(at: path)
        template = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    func run(seed: UInt64, planted: Set<PlantedBug>) throws -> Simulation.Outcome {
        let path = "\(directory)/\(seed).db"
        try Data(template).write(to: URL(fileURLWithPath: path))
        defer {
            for ending in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + ending) }
        }
        return try Simulation(seed: seed, planted: planted, databasePath: path).run()
    }
}
