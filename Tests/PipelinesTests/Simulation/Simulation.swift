import Effects
import JSONText
import Metastore
import StreamsKit
import Synchronization

@testable import Pipelines
@testable import Streams

/// One seed: a machine, some lives of a process on it, and at the end a look at what landed.
///
///     life 0: producers, statements, troubles … power cut    life 1: … kill    …    last: everything lands, is compared
final class Simulation: Sendable {
    struct Outcome: Equatable {
        /// Nil when all is well.
        var violation: String?
        /// Another one where the seed took another way.
        var trace: UInt64
        var jobCount: Int
    }

    let machine: SimulatedMachine
    let database: SimulatedDatabase
    private let sent: SentRequests
    let streams: [StreamDefinition]
    let statements: [SimulatedStatement]
    /// The statements are one pipeline's, and commit together.
    private let isTransaction: Bool
    private let limits: LogLimits
    let planted: Set<PlantedBug>
    /// The database may be opened from elsewhere, so that a lease stands where a lock would.
    private let hasLeases: Bool
    /// How often the node went to another machine.
    let moves = Mutex(0)
    /// By stream: the number of its counting producer's request, and which request that is.
    private let counted = Mutex<[Int: (number: Int64, request: Int)]>([:])
    private let violation = Mutex<String?>(nil)

    init(seed: UInt64, planted: Set<PlantedBug>, databasePath: String) throws {
        let machine = SimulatedMachine(seed: seed)
        self.machine = machine
        self.planted = planted
        hasLeases = machine.chance(3)
        database = try SimulatedDatabase(path: databasePath, machine: machine, hasLeases: hasLeases)
        sent = SentRequests(machine, hasRejects: machine.chance(3))
        let streams = try (0..<(machine.chance(3) ? 2 : 1)).map { try SimulatedStatement.stream($0) }
        self.streams = streams
        let count = [1, 1, 1, 2, 2, 3][machine.draw(0...5)]
        isTransaction = count > 1 && machine.chance(2)
        let sinks = try (0..<(isTransaction ? count : machine.draw(1...2))).map {
            try SimulatedStatement.sink($0)
        }
        var ways: Set<[Int]> = []
        var statements: [SimulatedStatement] = []
        for number in 0..<count {
            let stream = number < streams.count ? number : machine.draw(0...streams.count - 1)
            var sink = machine.draw(0...sinks.count - 1)
            // A pipeline has one way from a stream to a sink.
            while isTransaction, !ways.insert([stream, sink]).inserted { sink = (sink + 1) % sinks.count }
            statements.append(
                SimulatedStatement(
                    number: number, pipeline: isTransaction ? 0 : number, streamIndex: stream,
                    stream: streams[stream], sink: sinks[sink], cutsRecords: machine.chance(3)))
        }
        self.statements = statements
        var limits = LogLimits()
        limits.segmentBytes = machine.draw(200...3000)
        limits.replayWindowBytes = machine.draw(0...1000)
        limits.groupBytes = machine.draw(100...2000)
        self.limits = limits
    }

    func run() -> Outcome {
        let hasEnded = machine.executor.run { [self] in
            let found: String?
            do { found = try await wholeLife() } catch { found = "\(error)" }
            violation.withLock { $0 = found }
        }
        return Outcome(
            violation: hasEnded ? violation.withLock { $0 } : "everybody waits for somebody else",
            trace: machine.trace, jobCount: machine.executor.jobCount)
    }

    private func wholeLife() async throws -> String? {
        try await prepare()
        for life in 0..<machine.draw(1...3) {
            if let wrong = try await live() { return "life \(life): \(wrong)" }
            // What the process was still about to do ends with it.
            await machine.executor.settle()
            try database.processEnded()
            machine.restart(isKill: machine.chance(3))
        }
        if let wrong = sent.violation { return wrong }
        let process: SimulatedProcess
        do { process = try await start() } catch { return "the last opening fails: \(error)" }
        for pipeline in pipelines {
            do { try await process.drain(pipeline) } catch {
                return "\(pipeline[0].name) ends with: \(error)"
            }
        }
        return try await SimulationCheck(process: process, sent: sent.all).violation()
    }

    /// Statements that one runner carries.
    var pipelines: [[SimulatedStatement]] { isTransaction ? [statements] : statements.map { [$0] } }

    private func start() async throws -> SimulatedProcess {
        let metastore = database.metastore
        var lease: NodeLease?
        if hasLeases {
            lease = try await metastore.takeNode(
                identity, leaseSeconds: SimulatedProcess.leaseSeconds, clock: machine.clock,
                planted: PlantedBugs(planted))
        }
        return try await process(metastore, lease)
    }

    func process(_ metastore: Metastore, _ lease: NodeLease?) async throws -> SimulatedProcess {
        try await SimulatedProcess(
            machine, metastore: metastore, pipelines: pipelines, streams: streams, limits: limits,
            planted: planted, lease: lease)
    }

    /// On one machine the lock tells that the process before has ended.
    var identity: NodeIdentity {
        NodeIdentity(id: UniqueID(high: 4, low: 4), place: "machine \(moves.withLock { $0 })")
    }

    /// The rows that a node's API would have made.
    private func prepare() async throws {
        try await start().enableWarehouse()
        let (streams, pipelines) = (self.streams, self.pipelines)
        try await database.metastore.write { transaction in
            for stream in streams { try StreamRows.insert(stream, transaction) }
            var known: Set<UniqueID> = []
            for pipeline in pipelines {
                for statement in pipeline where known.insert(statement.sink.id).inserted {
                    try PipelineStore.insert(statement.sink, transaction)
                }
                let definition = PipelineDefinition(
                    id: pipeline[0].key.pipelineID, name: pipeline[0].name, sql: "…",
                    isTransaction: pipeline.count > 1, status: .running, failureReason: nil,
                    createdAt: Instant(microseconds: 0), modifiedAt: Instant(microseconds: 0))
                let progresses = pipeline.map { PipelineProgress(key: $0.key, next: .start, startEvent: 0) }
                try PipelineStore.insert(definition, progresses, transaction)
            }
        }
    }

    private func live() async throws -> String? {
        if machine.chance(4) { machine.disk.cutPower(afterSteps: machine.draw(1...30)) }
        let process: SimulatedProcess
        do { process = try await start() } catch {
            return machine.disk.isCut ? nil : "opening fails: \(error)"
        }
        if let wrong = await SimulationCheck.imbalance(of: process) { return wrong }
        if machine.disk.isCut { return nil }
        machine.disk.cutPower(afterSteps: machine.chance(4) ? .max : machine.draw(1...150))
        if machine.chance(2) {
            machine.setWeather(.init(store: machine.draw(0...60), database: machine.draw(0...100)))
        }
        let place = WorkPlace(process)
        let wrong = await work(place)
        machine.setWeather(.calm)
        if let wrong = wrong ?? sent.violation { return wrong }
        return await SimulationCheck.imbalance(of: place.owner)
    }

    /// All at once, in the order that the executor draws.
    private func work(_ place: WorkPlace) async -> String? {
        let process = place.owner
        return await withTaskGroup(of: String?.self) { group in
            for stream in streams.indices {
                group.addTask { [self] in
                    await produce(to: stream, place)
                    return nil
                }
            }
            if process.lease != nil { addLeaseTasks(place, to: &group) }
            for pipeline in pipelines {
                // The process before was not dead, or a change of the SQL began before the old runner had ended.
                let rivals = machine.chance(5)
                for _ in 0..<(rivals ? 2 : 1) {
                    let turns = machine.draw(1...5)
                    group.addTask { await process.run(pipeline, turns: turns, rivals: rivals) }
                }
            }
            if isTransaction { group.addTask { [self] in await observe(place) } }
            group.addTask { [self] in
                await disturb(place)
                return nil
            }
            var wrong: String?
            for await found in group { wrong = wrong ?? found }
            return wrong
        }
    }

    /// Looks at the tables of statements that commit together, as a reader does, at any moment.
    private func observe(_ place: WorkPlace) async -> String? {
        for _ in 0..<machine.draw(1...6) where !machine.disk.isCut {
            for _ in 0..<machine.draw(1...10) { await machine.executor.turn() }
            if let wrong = await SimulationCheck.differences(of: place.owner) { return wrong }
        }
        return nil
    }

    func produce(to stream: Int, _ place: WorkPlace) async {
        for _ in 0..<machine.draw(1...5) where !machine.disk.isCut {
            switch machine.draw(0...5) {
            case 0, 1: await send(sent.make(to: stream, mark: nil), place)
            case 2:
                let key = RequestMark.key(UniqueID.random(from: machine))
                await send(sent.make(to: stream, mark: key), place, twice: machine.chance(2))
            case 3, 4:
                // Nobody told it, or it does not believe what it was told.
                let known = sent.all.filter { $0.stream == stream && $0.append.mark?.sequence == nil }
                    .filter { $0.append.mark != nil }
                guard !known.isEmpty else { continue }
                await send(known[machine.draw(0...known.count - 1)], place, twice: machine.chance(4))
            default: await sendCounted(to: stream, place)
            }
        }
    }

    /// A producer that counts its requests sends the next one only when the one before is acknowledged.
    private func sendCounted(to stream: Int, _ place: WorkPlace) async {
        let last = counted.withLock { $0[stream] }
        if let last, sent[last.request].acknowledged == nil {
            return await send(sent[last.request], place)
        }
        let number = (last?.number ?? 0) + 1
        let producer = UniqueID(high: 5, low: UInt64(stream))
        let request = sent.make(to: stream, mark: .sequence(producer: producer, number: number))
        counted.withLock { $0[stream] = (number, request.number) }
        await send(request, place)
    }

    /// Returns with the answer. `twice` for a producer that does not wait for the first.
    private func send(_ request: SentRequest, _ place: WorkPlace, twice: Bool = false) async {
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<(twice ? 2 : 1) { group.addTask { [self] in await sendOnce(request, place) } }
        }
    }

    private func sendOnce(_ request: SentRequest, _ place: WorkPlace) async {
        let process = machine.chance(4) ? place.first : place.owner
        let log = process.logs[request.stream]
        sent.noteSending(request)
        let isPoisoned = await withCheckedContinuation { continuation in
            log.append(request.append) { [self] result in
                sent.note(result, of: request)
                if case .failure(let error) = result {
                    continuation.resume(returning: error.code == .poisoned)
                } else {
                    continuation.resume(returning: false)
                }
            }
            process.wakeWriter(of: request.stream)
        }
        if isPoisoned { reopen(log) }
    }

    private func reopen(_ log: StreamLog) {
        machine.executor.hand { [self] in
            do throws(StreamsError) { try log.reopenBlocking() } catch {
                if error.code == .corrupt, !machine.disk.isCut {
                    sent.noteViolation("opening a poisoned log again: \(error)")
                }
            }
        }
    }

    private func disturb(_ place: WorkPlace) async {
        for _ in 0..<machine.draw(0...6) {
            switch machine.draw(0...5) {
            case 0: machine.disk.failNextSyncs(1)
            case 1: machine.disk.setCapacity(machine.draw(50...2000))
            case 2: machine.disk.setCapacity(.max)
            // Less than the time for which keys are remembered.
            case 3: machine.clock.jump(toOffsetSeconds: Int64(machine.draw(-36_000...36_000)))
            case 4: place.owner.logs.forEach(reopen)
            default: machine.clock.advance(microseconds: 2_000_000)
            }
            for _ in 0..<machine.draw(1...10) { await machine.executor.turn() }
        }
    }
}
