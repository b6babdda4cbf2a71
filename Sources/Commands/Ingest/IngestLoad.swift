import Synchronization

/// Numbers the requests of one load, so that each is kept once, however often and by how many runs it is sent.
///
///     batch     0    1  …  63   64   65  …      in the order of the files
///     lane      0    1  …  63    0    1  …      producer "NAME/0", "NAME/1", …
///     number    0    0  …   0    1    1  …      its sequence
///
/// A stream remembers one mark a producer, whatever it sent: a load of any size holds at most as many as there are
/// lanes. A producer's requests go one after the other, so there are lanes to have several under way.
///
/// *The same batch, the same number.* Lane and number follow from the batch's place in the load alone: neither from
/// how many requests are under way nor from which was answered first. Another run under the same name, with the same
/// files and batch sizes, gives every batch the producer and number it had.
///
/// *A lost answer, a server that starts again.* A batch is sent until it is answered, and the lane's next only then:
/// it is the producer's last, or not kept. The mark is durable with its events, and a repeat of the last is compared
/// with what was kept.
///
/// *A load that broke off.* Below the producer's last number the stream answers a repeat without a look at its bytes,
/// at the last it compares, above it keeps. Other files under the same name are thus refused where a lane meets its
/// last number; files that end before they meet it are not, and would be taken for kept. So a repeat's answer tells the
/// last number, and `checkEnd` looks whether every lane got there.
///
/// *For how long.* A stream forgets a producer a day after its last request.
final class IngestLoad: Sendable {
    /// The most requests that can be under way. Fixed: another number would give other numbers to the same batches.
    static let laneCount = 64

    struct Place: Sendable, Equatable {
        var producer: String
        var lane: Int
        var number: Int64
    }

    private struct State {
        var batches = 0
        /// By lane: the last number that the stream said it has.
        var kept: [Int: Int64] = [:]
    }

    private let name: String
    private let state = Mutex(State())

    init(name: String) { self.name = name }

    /// The place of the next batch.
    func next() -> Place {
        let batch = state.withLock { state in
            defer { state.batches += 1 }
            return state.batches
        }
        let lane = batch % Self.laneCount
        return Place(producer: "\(name)/\(lane)", lane: lane, number: Int64(batch / Self.laneCount))
    }

    /// The stream has the lane's requests up to `number`, from this run or one before.
    func noteKept(lane: Int, upTo number: Int64) {
        state.withLock { $0.kept[lane] = max($0.kept[lane] ?? number, number) }
    }

    /// - Errors: `CLI-102` when more was kept under the load's name than was sent now.
    func checkEnd() throws(CommandError) {
        let isLonger = state.withLock { state in
            state.kept.contains { lane, number in
                let batch = number.multipliedReportingOverflow(by: Int64(Self.laneCount))
                return batch.overflow || batch.partialValue + Int64(lane) >= Int64(state.batches)
            }
        }
        guard isLonger else { return }
        throw CommandError(
            .file, "more was kept under the load's name than the files hold: these are not the files of then",
            ["load": name],
            hint: "send the same files with the same batch sizes, or these under another --load name")
    }
}
