import Synchronization

/// Morsels that wait, and whose turn is next.
///
/// Of each sixteen turns eleven prefer queries, four pipelines, one maintenance; a turn whose class has nothing to do goes
/// to the highest class that has, so nothing idles and nothing starves. Within a class the share that has computed least
/// goes first: a small query passes by large ones, and large ones share what is left evenly.
///
///     shares    a: 90 ms   b: 40 ms   c comes in at 40 ms, not at 0: who was away gets no arrears
///     next      b, c, b, c, … a
///
/// - Order: first in, first out within a share.
/// - Cost: a step a share with waiting morsels.
/// - Source: the virtual time of Demers, Keshav and Shenker, "Analysis and Simulation of a Fair Queueing Algorithm", 1989.
struct MorselQueue<Job> {
    struct Taken {
        let job: Job
        let share: WorkShare
        /// Charged when it was taken.
        let expected: Int64
    }
    private struct Line {
        let share: WorkShare
        var jobs: [Job?] = []
        var head = 0
        /// Which turn it had last; the longest ago goes first among equals.
        var lastTurn = -1
        var waiting: Int { jobs.count - head }

        mutating func take() -> Job? {
            // A taken job must not live on in the queue: it holds the batches it worked on.
            let job = jobs[head].take()
            head += 1
            if head > 1024, head * 2 > jobs.count {
                jobs.removeFirst(head)
                head = 0
            }
            return job
        }
    }
    private struct Class {
        var lines: [Line] = []
        var waiting = 0
        /// The time of the share that was served last: where newcomers begin.
        var level: Int64 = 0
    }

    private static var turns: [WorkPriority] {
        [
            .query, .query, .query, .pipeline, .query, .query, .query, .pipeline,
            .query, .query, .query, .pipeline, .query, .query, .pipeline, .maintenance,
        ]
    }
    private let turns = Self.turns
    private var classes = [Class](repeating: Class(), count: WorkPriority.allCases.count)
    private var turn = 0

    func waiting(_ priority: WorkPriority) -> Int { classes[priority.rawValue].waiting }

    mutating func add(_ job: Job, _ share: WorkShare) {
        let place = share.priority.rawValue
        classes[place].waiting += 1
        if let line = classes[place].lines.firstIndex(where: { $0.share === share }) {
            classes[place].lines[line].jobs.append(job)
            return
        }
        share.served.max(classes[place].level, ordering: .relaxed)
        classes[place].lines.append(Line(share: share, jobs: [job]))
    }

    /// Nil when nothing waits.
    mutating func take() -> Taken? {
        let preferred = turns[turn % turns.count]
        for priority in [preferred] + WorkPriority.allCases where classes[priority.rawValue].waiting > 0 {
            turn &+= 1
            return take(from: priority.rawValue)
        }
        return nil
    }

    private mutating func take(from place: Int) -> Taken? {
        var best = 0
        for index in classes[place].lines.indices.dropFirst() {
            let (candidate, chosen) = (classes[place].lines[index], classes[place].lines[best])
            let order =
                candidate.share.served.load(ordering: .relaxed) - chosen.share.served.load(ordering: .relaxed)
            if order < 0 || order == 0 && candidate.lastTurn < chosen.lastTurn { best = index }
        }
        let share = classes[place].lines[best].share
        let job = classes[place].lines[best].take()
        classes[place].lines[best].lastTurn = turn
        classes[place].waiting -= 1
        classes[place].level = max(classes[place].level, share.served.load(ordering: .relaxed))
        if classes[place].lines[best].waiting == 0 { classes[place].lines.remove(at: best) }
        let expected = share.expected.load(ordering: .relaxed)
        share.served.add(expected, ordering: .relaxed)
        return job.map { Taken(job: $0, share: share, expected: expected) }
    }

    /// Replaces what was expected of a morsel by what it took.
    static func finished(_ taken: Taken, nanoseconds: Int64) {
        taken.share.served.add(nanoseconds - taken.expected, ordering: .relaxed)
        taken.share.expected.store(nanoseconds, ordering: .relaxed)
    }
}
