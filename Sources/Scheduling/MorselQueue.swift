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

        mutating func addFirst(_ job: Job) {
            if head > 0 {
                head -= 1
                jobs[head] = job
            } else {
                jobs.insert(job, at: 0)
            }
        }

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
        let (place, line) = line(of: share)
        classes[place].lines[line].jobs.append(job)
    }

    /// Before the others of its share: it has begun already.
    mutating func addFirst(_ job: Job, _ share: WorkShare) {
        let (place, line) = line(of: share)
        classes[place].lines[line].addFirst(job)
    }

    /// The line in which one more job will wait.
    private mutating func line(of share: WorkShare) -> (place: Int, line: Int) {
        let place = share.priority.rawValue
        classes[place].waiting += 1
        if let line = classes[place].lines.firstIndex(where: { $0.share === share }) { return (place, line) }
        share.served.max(classes[place].level, ordering: .relaxed)
        classes[place].lines.append(Line(share: share))
        return (place, classes[place].lines.count - 1)
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

    /// Whether, if a morsel of this share waited too, another share would go first; when not, the turn is this share's.
    mutating func isNextAnother(than share: WorkShare) -> Bool {
        let preferred = turns[turn % turns.count]
        let next = ([preferred] + WorkPriority.allCases).first {
            $0 == share.priority || classes[$0.rawValue].waiting > 0
        }
        if next != share.priority { return true }
        let served = share.served.load(ordering: .relaxed)
        let isLess = classes[share.priority.rawValue].lines.contains {
            $0.share !== share && $0.share.served.load(ordering: .relaxed) < served
        }
        if !isLess { turn &+= 1 }
        return isLess
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

}
