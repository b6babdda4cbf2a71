/// The frame of each row, as ranges of rows.
///
/// Without an exclusion there is one range a row; an exclusion cuts it into two or three, in order. A range may be
/// empty; its end is never before its start.
package struct FrameRanges: Sendable {
    struct Lane: Sendable {
        var starts: [Int32]
        var ends: [Int32]

        @inline(__always)
        subscript(row: Int) -> Range<Int> { Int(starts[row])..<Int(ends[row]) }
    }
    private(set) var lanes: [Lane]

    /// `starts` and `ends` are those of the frames before the exclusion.
    init(starts: [Int32], ends: [Int32], exclusion: WindowFrame.Exclusion, rows: WindowRows) {
        let ends = ends.indices.map { max(starts[$0], ends[$0]) }
        let count = rows.rowCount
        let own = (0..<Int32(truncatingIfNeeded: count)).map { $0 }
        let next = own.map { $0 &+ 1 }
        switch exclusion {
        case .none: lanes = [Lane(starts: starts, ends: ends)]
        case .currentRow: lanes = Self.cut(starts, ends, own, next)
        case .group: lanes = Self.cut(starts, ends, rows.peerStarts, rows.peerEnds)
        case .ties:
            let outer = Self.cut(starts, ends, rows.peerStarts, rows.peerEnds)
            var inner = Lane(starts: own, ends: next)
            for row in 0..<count where own[row] < starts[row] || own[row] >= ends[row] {
                inner.ends[row] = own[row]
            }
            lanes = [outer[0], inner, outer[1]]
        }
    }

    /// What is left of the frames on both sides of a hole.
    private static func cut(
        _ starts: [Int32], _ ends: [Int32], _ holeStarts: [Int32], _ holeEnds: [Int32]
    ) -> [Lane] {
        var before = Lane(starts: starts, ends: ends)
        var behind = before
        for row in starts.indices {
            before.ends[row] = max(starts[row], min(ends[row], holeStarts[row]))
            behind.starts[row] = min(ends[row], max(starts[row], holeEnds[row]))
        }
        return [before, behind]
    }

    package var rowCount: Int { lanes[0].starts.count }

    /// The frames of some rows.
    package func slice(_ rows: Range<Int>) -> FrameRanges {
        var copy = self
        for lane in lanes.indices {
            copy.lanes[lane].starts = Array(lanes[lane].starts[rows])
            copy.lanes[lane].ends = Array(lanes[lane].ends[rows])
        }
        return copy
    }

    /// The same frames over only the rows that count; `before[row]` is how many of them come before it.
    func compacted(_ before: [Int32]) -> FrameRanges {
        var copy = self
        for lane in lanes.indices {
            copy.lanes[lane].starts = lanes[lane].starts.map { before[Int($0)] }
            copy.lanes[lane].ends = lanes[lane].ends.map { before[Int($0)] }
        }
        return copy
    }

    /// The frame's row with this number from zero; nil behind its end.
    func place(_ number: Int, in row: Int) -> Int? {
        var left = number
        for lane in lanes {
            let range = lane[row]
            if left < range.count { return range.lowerBound + left }
            left -= range.count
        }
        return nil
    }

    package func count(of row: Int) -> Int { lanes.reduce(0) { $0 + $1[row].count } }
}

/// A frame that moves from row to row and says which rows enter and leave it.
///
/// - Cost: linear in all for frames that only move forward within a partition.
struct SlidingFrame {
    private var current: [Range<Int>]

    init(_ frames: FrameRanges) { current = frames.lanes.map { _ in 0..<0 } }

    @inline(__always)
    mutating func move(
        to row: Int, of frames: FrameRanges, add: (Int) -> Void, remove: (Int) -> Void
    ) {
        for lane in current.indices {
            let old = current[lane]
            let new = frames.lanes[lane][row]
            if old == new { continue }
            if new.isEmpty || old.isEmpty || new.lowerBound >= old.upperBound
                || new.upperBound <= old.lowerBound
            {
                for place in old { remove(place) }
                for place in new { add(place) }
            } else {
                for place in stride(from: old.lowerBound, to: new.lowerBound, by: 1) { remove(place) }
                for place in stride(from: new.lowerBound, to: old.lowerBound, by: 1) { add(place) }
                for place in stride(from: new.upperBound, to: old.upperBound, by: 1) { remove(place) }
                for place in stride(from: old.upperBound, to: new.upperBound, by: 1) { add(place) }
            }
            current[lane] = new
        }
    }
}
