import Dispatch
import Synchronization

/// How a log learns what its disk has left.
extension StreamLog {
    /// Asks the disk. Blocks.
    func measureSpace() {
        notice(environment.files.volume(of: directory).flatMap { LogSpace($0, asked: reserveBytes) })
    }

    /// Readers are woken when they should land sooner than they meant to.
    private func notice(_ space: LogSpace?) {
        if shared.withLock({ $0.state.notice(space) }) { publish() }
    }

    /// Somebody measured it: what is in the way goes, whether or not events come.
    func makeRoom(_ space: LogSpace?) {
        notice(space)
        if space?.isScarce == true || lacksRoom { wakeToTrim() }
    }

    /// A request found no room: readers land what they have read, and the writer trims behind them.
    func askForRoom() {
        publish()
        wakeToTrim()
    }

    private func wakeToTrim() {
        if shared.withLock({ $0.state.mustWakeToTrim() }) { wakeUp.signal() }
    }

    /// How much of the log a reader should carry before it lands that, where its policy does not say sooner.
    package var landingBytes: Int { shared.withLock { $0.state.landingBytes } }

    /// The last request found no room: whoever has read everything should land it now.
    package var lacksRoom: Bool { shared.withLock { $0.state.lacksRoom } }
}
