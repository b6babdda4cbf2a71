import Effects
import Metastore
import Streams

/// Where statements begin that new SQL brings. No event that waits is left out, and none reaches a destination twice.
///
/// In this order, of the statements of the same stream:
/// 1. one that is taken away and had the same destination: the new one is the same with another sink, and goes on;
/// 2. one that stays and has the same destination: where that stands;
/// 3. the others that are taken away: where the first of them stands, for the new one has what they have not landed;
/// 4. one that a change before took away and that had the same destination: it goes on;
/// 5. those that stay: where the first of them stands;
/// 6. none: at the oldest record kept.
///
/// In 3 and 4 nothing is landed again that the same destination got before.
struct StatementSuccession {
    private let staying: [PipelineProgress]
    private let destinations: [UniqueID: String]
    /// By the new statement's key.
    private let inherited: [ProgressKey: PipelineProgress]
    /// Statements that are taken away and go on as no new one.
    let leaving: [PipelineProgress]
    /// Those of them whose waiting events go to no other statement.
    let abandoned: [PipelineProgress]

    /// `destinations` are those of sinks, by their ids.
    init(before: [PipelineProgress], after keys: [ProgressKey], destinations: [UniqueID: String]) {
        self.destinations = destinations
        staying = before.filter { keys.contains($0.key) }
        var leaving = before.filter { !keys.contains($0.key) }
        var inherited: [ProgressKey: PipelineProgress] = [:]
        let known = Set(before.map(\.key))
        let fresh = keys.filter { !known.contains($0) }
        for key in fresh {
            let index = leaving.firstIndex {
                $0.key.streamID == key.streamID && destinations[$0.key.sinkID] == destinations[key.sinkID]
            }
            if let index { inherited[key] = leaving.remove(at: index) }
        }
        let replacing = Set(fresh.filter { inherited[$0] == nil }.map(\.streamID))
        self.inherited = inherited
        self.leaving = leaving
        abandoned = leaving.filter { !replacing.contains($0.key.streamID) }
    }

    /// `oldest` begins at the oldest record that its stream keeps.
    func beginning(of oldest: PipelineProgress, _ transaction: Transaction) throws -> PipelineProgress {
        if let same = inherited[oldest.key] { return oldest.continuing(same) }
        let stream = oldest.key.streamID
        let destination = destinations[oldest.key.sinkID]
        let beside = staying.filter { $0.key.streamID == stream }
        if let same = Self.first(beside.filter { destinations[$0.key.sinkID] == destination }) {
            return oldest.beginning(at: same)
        }
        let earlier = try destination.flatMap {
            try RetiredStatements.find(
                pipeline: oldest.key.pipelineID, stream: stream, destination: $0, transaction)
        }
        if let replaced = Self.first(leaving.filter { $0.key.streamID == stream }) {
            let place = oldest.beginning(at: replaced)
            return earlier.map { place.continuing($0) } ?? place
        }
        if let earlier { return oldest.continuing(earlier) }
        return Self.first(beside).map { oldest.beginning(at: $0) } ?? oldest
    }

    private static func first(_ progresses: [PipelineProgress]) -> PipelineProgress? {
        progresses.min { $0.next < $1.next }
    }
}

extension PipelineProgress {
    /// With nothing landed, where the other one stands.
    fileprivate func beginning(at other: PipelineProgress) -> PipelineProgress {
        PipelineProgress(key: key, next: other.next, startEvent: other.landedEvent)
    }

    /// With what the other one has landed and counted, but not before this one's place: what is between is left out, as
    /// if it had come before the first event.
    fileprivate func continuing(_ other: PipelineProgress) -> PipelineProgress {
        var heir = self
        let between = max(0, landedEvent - other.landedEvent)
        heir.startEvent = other.startEvent + between
        heir.landedEvent = other.landedEvent + between
        if between == 0 { heir.next = other.next }
        heir.tableUUID = other.tableUUID
        heir.counts = other.counts
        heir.work = other.work
        heir.run = other.run
        return heir
    }
}
