package import Effects
package import Streams
import Synchronization

/// A disk whose unsynced writes a power cut drops or tears, sector by sector, and whose operations can be made to fail.
///
/// Hostile on purpose: unsynced operations on different sectors, files and names survive independently.
package final class SimulatedDisk: LogFiles {
    fileprivate enum Change {
        case write(position: Int, bytes: [UInt8])
        case truncate(Int)
    }

    fileprivate final class Inode {
        var durable: [UInt8] = []
        var view: [UInt8] = []
        var pending: [Change] = []
    }

    private struct State {
        var durableNames: [String: Inode] = [:]
        var names: [String: Inode] = [:]
        var generation = 0
        var stepsLeft = Int.max
        var failingSyncs = 0
        var capacity = Int.max
        var syncCount = 0
    }

    private static let sectorBytes = 512
    // SAFETY: the box is only reached inside the lock, and no inode leaves it.
    private struct Box: @unchecked Sendable { var state = State() }
    private let box = Mutex(Box())

    package init() {}

    /// The disk stops at the n-th operation from now: that one and all later ones fail.
    package func cutPower(afterSteps steps: Int) { box.withLock { $0.state.stepsLeft = steps } }
    package func failNextSyncs(_ count: Int) { box.withLock { $0.state.failingSyncs = count } }
    package func setCapacity(_ bytes: Int) { box.withLock { $0.state.capacity = bytes } }
    package var syncCount: Int { box.withLock { $0.state.syncCount } }
    package var isCut: Bool { box.withLock { $0.state.stepsLeft <= 0 } }

    /// A step of another device of the same machine. False when the power is gone.
    package func spendStep() -> Bool {
        box.withLock { box in
            box.state.stepsLeft -= 1
            return box.state.stepsLeft > 0
        }
    }

    /// What is on the disk after the power came back. Old handles are dead.
    package func restart(_ random: inout SeededGenerator) {
        box.withLock { box in
            // Sorted, so that a seed replays.
            var names = box.state.durableNames
            for name in Set(box.state.names.keys).union(names.keys).sorted() {
                if Bool.random(using: &random) { names[name] = box.state.names[name] }
            }
            for name in names.keys.sorted() {
                guard let inode = names[name] else { continue }
                inode.durable = survivors(of: inode, &random)
                inode.view = inode.durable
                inode.pending = []
            }
            box.state.names = names
            box.state.durableNames = names
            box.state.generation += 1
            box.state.stepsLeft = .max
            box.state.failingSyncs = 0
        }
    }

    /// What another machine finds on the disk while this one stands still. Both go on with a disk of their own.
    package func moved(_ random: inout SeededGenerator) -> SimulatedDisk {
        let other = SimulatedDisk()
        let found = box.withLock { box in
            var names = box.state.durableNames
            for name in box.state.names.keys.sorted() where Bool.random(using: &random) {
                names[name] = box.state.names[name]
            }
            return names.keys.sorted().map { ($0, survivors(of: names[$0] ?? Inode(), &random)) }
        }
        for (name, bytes) in found { other.setContents(name, bytes) }
        return other
    }

    /// The process died and the machine did not: everything written is still in the page cache, nothing is synced.
    package func restartProcess() {
        box.withLock {
            $0.state.generation += 1
            $0.state.stepsLeft = .max
        }
    }

    private func survivors(of inode: Inode, _ random: inout SeededGenerator) -> [UInt8] {
        var bytes = inode.durable
        for change in inode.pending {
            switch change {
            case .truncate(let size):
                if Bool.random(using: &random), size < bytes.count { bytes.removeLast(bytes.count - size) }
            case .write(let position, let written):
                let fate = Int.random(in: 0..<4, using: &random)
                if fate == 0 { continue }
                // Prefix, or any set of sectors.
                let keptPrefix = Int.random(in: 0...written.count, using: &random)
                var sectorStart = 0
                while sectorStart < written.count {
                    let boundary =
                        (position + sectorStart) / Self.sectorBytes * Self.sectorBytes + Self.sectorBytes
                    let sectorEnd = min(written.count, boundary - position)
                    let isKept =
                        fate == 1 || (fate == 2 ? sectorStart < keptPrefix : Bool.random(using: &random))
                    let end = fate == 2 ? min(sectorEnd, keptPrefix) : sectorEnd
                    if isKept, end > sectorStart {
                        overwrite(&bytes, at: position + sectorStart, with: written[sectorStart..<end])
                    }
                    sectorStart = sectorEnd
                }
            }
        }
        return bytes
    }

    package func contents(_ path: String) -> [UInt8]? { box.withLock { $0.state.names[path]?.view } }
    package func setContents(_ path: String, _ bytes: [UInt8]) {
        box.withLock { box in
            let inode = Inode()
            inode.durable = bytes
            inode.view = bytes
            box.state.names[path] = inode
            box.state.durableNames[path] = inode
        }
    }
    package var paths: [String] { box.withLock { $0.state.names.keys.sorted() } }

    private func step<Result>(
        _ generation: Int? = nil, _ body: (inout State) throws(StreamsError) -> Result
    ) throws(StreamsError) -> Result where Result: Sendable {
        try box.withLock { box throws(StreamsError) -> Result in
            box.state.stepsLeft -= 1
            guard box.state.stepsLeft > 0, generation == nil || generation == box.state.generation else {
                throw StreamsError(.inputOutputFailed, "the power is gone")
            }
            return try body(&box.state)
        }
    }

    package func createDirectory(_ path: String) throws(StreamsError) {}

    package func list(_ directory: String) throws(StreamsError) -> [String] {
        try step { state throws(StreamsError) in
            state.names.keys.filter { $0.hasPrefix(directory + "/") }.map {
                String($0.dropFirst(directory.count + 1))
            }
        }
    }

    package func create(_ path: String) throws(StreamsError) -> any LogFile {
        let generation = try step { state throws(StreamsError) -> Int in
            guard state.names[path] == nil else { throw StreamsError(.inputOutputFailed, "the file exists") }
            state.names[path] = Inode()
            return state.generation
        }
        return SimulatedFile(disk: self, path: path, generation: generation)
    }

    package func open(_ path: String) throws(StreamsError) -> (any LogFile)? {
        let generation = try step { state throws(StreamsError) -> Int? in
            state.names[path] == nil ? nil : state.generation
        }
        return generation.map { SimulatedFile(disk: self, path: path, generation: $0) }
    }

    package func remove(_ path: String) throws(StreamsError) {
        try step { state throws(StreamsError) in state.names[path] = nil }
    }

    package func removeDirectory(_ path: String) throws(StreamsError) {
        try step { state throws(StreamsError) in
            for name in state.names.keys where name.hasPrefix(path + "/") { state.names[name] = nil }
        }
    }

    package func syncDirectory(_ path: String) throws(StreamsError) {
        try step { state throws(StreamsError) in state.durableNames = state.names }
    }

    private struct SimulatedFile: LogFile {
        let disk: SimulatedDisk
        let path: String
        let generation: Int

        private func with<Result: Sendable>(
            _ body: (inout State, Inode) throws(StreamsError) -> Result
        ) throws(StreamsError) -> Result {
            try disk.step(generation) { state throws(StreamsError) -> Result in
                guard let inode = state.names[path] else { throw StreamsError(.inputOutputFailed, "removed") }
                return try body(&state, inode)
            }
        }

        func size() throws(StreamsError) -> Int { try with { _, inode in inode.view.count } }

        func read(at position: Int, count: Int) throws(StreamsError) -> [UInt8] {
            try with { _, inode in
                position >= inode.view.count
                    ? [] : Array(inode.view[position..<min(inode.view.count, position + count)])
            }
        }

        func write(_ bytes: Span<UInt8>, at position: Int) throws(StreamsError) {
            var copy: [UInt8] = []
            for index in bytes.indices { copy.append(bytes[index]) }
            try with { state, inode throws(StreamsError) in
                let room = max(0, state.capacity - position)
                let fitting = Array(copy.prefix(room))
                inode.pending.append(.write(position: position, bytes: fitting))
                overwrite(&inode.view, at: position, with: fitting[...])
                if fitting.count < copy.count { throw StreamsError(.noSpace, "the disk is full") }
            }
        }

        func truncate(to size: Int) throws(StreamsError) {
            try with { _, inode in
                inode.pending.append(.truncate(size))
                if size < inode.view.count { inode.view.removeLast(inode.view.count - size) }
            }
        }

        func sync() throws(StreamsError) {
            try with { state, inode throws(StreamsError) in
                if state.failingSyncs > 0 {
                    state.failingSyncs -= 1
                    // As Linux does it: the pages are clean now, the bytes are not on the disk.
                    inode.pending = []
                    throw StreamsError(.inputOutputFailed, "the sync failed")
                }
                inode.durable = inode.view
                inode.pending = []
                state.syncCount += 1
            }
        }

        func dropCache() {
            disk.box.withLock { box in
                guard let inode = box.state.names[path], inode.pending.isEmpty else { return }
                inode.view = inode.durable
            }
        }
    }
}

private func overwrite(_ bytes: inout [UInt8], at position: Int, with written: ArraySlice<UInt8>) {
    if bytes.count < position + written.count {
        bytes.append(contentsOf: [UInt8](repeating: 0, count: position + written.count - bytes.count))
    }
    bytes.replaceSubrange(position..<position + written.count, with: written)
}
