import Effects
import FileFormats
import Streams
import StreamsKit
import Synchronization

/// One request of a producer, sent once or several times, and what it was told.
struct SentRequest: Sendable {
    /// What the simulated SQL makes of an event.
    enum Fate { case passed, filtered, rejected, misfit }

    let number: Int
    let stream: Int
    let ids: [Int64]
    let append: LogAppend
    var acknowledged: LogOffset?
    /// Times it was sent and not told that nothing was kept.
    var openCount = 0

    /// Every time it was told that nothing was kept.
    var isRefused: Bool { acknowledged == nil && openCount == 0 }

    static func fate(of id: Int64) -> Fate {
        switch id % 10 {
        case 0: .filtered
        case 7: .rejected
        case 4: .misfit
        default: .passed
        }
    }

    /// As it is in the body, and among the rejects.
    static func text(of id: Int64) -> String {
        // Few sizes, so that what a failed write left often ends where a later record does.
        let padding = String(repeating: "p", count: [0, 40, 400][Int(id / 3 % 3)])
        return fate(of: id) == .misfit
            ? #"{"id":"x\#(id)","text":"\#(padding)"}"# : #"{"id":\#(id),"text":"\#(padding)"}"#
    }

    var rowIDs: [Int64] { ids.filter { Self.fate(of: $0) == .passed } }
    var rejectTexts: [String] {
        ids.filter { [.rejected, .misfit].contains(Self.fate(of: $0)) }.map(Self.text)
    }
}

/// Everything that was sent to the machine's streams.
final class SentRequests: Sendable {
    private struct State {
        var requests: [SentRequest] = []
        var nextID: Int64 = 0
        var violation: String?
    }
    private let state = Mutex(State())
    private let machine: SimulatedMachine
    /// Without rejects fewer tables are written, and a seed takes half the time.
    private let hasRejects: Bool

    init(_ machine: SimulatedMachine, hasRejects: Bool) {
        self.machine = machine
        self.hasRejects = hasRejects
    }

    var all: [SentRequest] { state.withLock { $0.requests } }
    var violation: String? { state.withLock { $0.violation } }

    func noteViolation(_ text: String) { state.withLock { $0.violation = $0.violation ?? text } }

    subscript(number: Int) -> SentRequest { state.withLock { $0.requests[number] } }

    /// A new request, not sent yet.
    func make(to stream: Int, mark: RequestMark?) -> SentRequest {
        let count = machine.draw(1...6)
        let now = machine.clock.now
        return state.withLock { state in
            var ids: [Int64] = []
            while ids.count < count {
                state.nextID += 1
                let isReject = [.rejected, .misfit].contains(SentRequest.fate(of: state.nextID))
                if hasRejects || !isReject { ids.append(state.nextID) }
            }
            let body = "[" + ids.map(SentRequest.text).joined(separator: ",") + "]"
            let request = SentRequest(
                number: state.requests.count, stream: stream, ids: ids,
                append: LogAppend(
                    body: Array(body.utf8), eventCount: ids.count, framing: .array, receivedAt: now,
                    mark: mark))
            state.requests.append(request)
            return request
        }
    }

    /// It may be kept from now on, whatever is heard.
    func noteSending(_ request: SentRequest) { state.withLock { $0.requests[request.number].openCount += 1 } }

    func note(_ result: Result<LogReceipt, StreamsError>, of request: SentRequest) {
        // What the process says after the power has gone nobody hears.
        if machine.disk.isCut { return }
        state.withLock { state in
            switch result {
            case .success(let receipt):
                // A repeat below a producer's last number is answered with the place of the last.
                if let known = state.requests[request.number].acknowledged, known != receipt.offset,
                    request.append.mark?.sequence == nil
                {
                    state.violation = "request \(request.number) is kept at \(known) and at \(receipt.offset)"
                }
                state.requests[request.number].acknowledged = receipt.offset
            case .failure(let error) where [.keyReused, .sequenceGap].contains(error.code):
                state.violation = "request \(request.number) is taken for another: \(error)"
            case .failure(let error) where error.code == .outcomeUnknown: break
            case .failure: state.requests[request.number].openCount -= 1
            }
        }
    }
}
