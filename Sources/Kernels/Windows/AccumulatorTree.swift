/// Values that can be folded piece by piece.
protocol FoldSource {
    associatedtype Node
    var count: Int { get }
    var empty: Node { get }
    /// Adds the value of a row; a row that is null adds nothing.
    func add(_ row: Int, to node: inout Node)
    /// Adds what comes behind the node's rows.
    func merge(_ other: Node, into node: inout Node)
}

/// Folds any range of values by whole nodes where it can: a tree of sixteen branches over the values.
///
///     level 2   [0 .. 255]
///     level 1   [0 .. 15] [16 .. 31] …
///     values    0 1 2 3 …
///
/// - Cost: a sixteenth of the values in nodes; a fold takes at most thirty steps a level. Short ranges build nothing.
/// - Source: Leis, Kundhikanjana, Kemper, Neumann, "Efficient Processing of Window Functions in Analytical SQL
///   Queries", VLDB 2015.
struct AccumulatorTree<Source: FoldSource> {
    private static var fanout: Int { 16 }
    /// Shorter ranges are folded value by value.
    private static var shortest: Int { 64 }

    private let source: Source
    /// From the level over the values up; empty until a long range asks.
    private var levels: [[Source.Node]] = []

    init(_ source: Source) { self.source = source }

    /// Adds the rows in their order.
    @inline(__always)
    mutating func fold(_ range: Range<Int>, into node: inout Source.Node) {
        if range.count < Self.shortest {
            for row in range { source.add(row, to: &node) }
            return
        }
        if levels.isEmpty { build() }
        var low = range.lowerBound
        var level = 0
        var width = 1
        // Up along the left edge, as long as wider nodes fit.
        while true {
            let wider = width * Self.fanout
            while low % wider != 0, low + width <= range.upperBound {
                take(level, low / width, into: &node)
                low += width
            }
            guard low % wider == 0, low + wider <= range.upperBound, level < levels.count else { break }
            level += 1
            width = wider
        }
        // Down along the right one.
        while low < range.upperBound {
            while low + width > range.upperBound {
                level -= 1
                width /= Self.fanout
            }
            take(level, low / width, into: &node)
            low += width
        }
    }

    @inline(__always)
    private func take(_ level: Int, _ place: Int, into node: inout Source.Node) {
        if level == 0 {
            source.add(place, to: &node)
        } else {
            source.merge(levels[level - 1][place], into: &node)
        }
    }

    private mutating func build() {
        var nodes = stride(from: 0, to: source.count, by: Self.fanout).map { start in
            var node = source.empty
            for row in start..<min(source.count, start + Self.fanout) { source.add(row, to: &node) }
            return node
        }
        levels.append(nodes)
        while nodes.count > Self.fanout {
            nodes = stride(from: 0, to: nodes.count, by: Self.fanout).map { start in
                var node = source.empty
                for place in start..<min(nodes.count, start + Self.fanout) {
                    source.merge(nodes[place], into: &node)
                }
                return node
            }
            levels.append(nodes)
        }
    }
}

/// The answer of each frame, from a tree: a frame that only grows adds the new rows to the answer before.
struct FrameFold<Source: FoldSource> {
    private var tree: AccumulatorTree<Source>
    private let empty: Source.Node
    private var current: Source.Node
    private var range = 0..<0

    /// `before` is the answer of rows that every frame begins with.
    init(_ source: Source, before: Source.Node? = nil) {
        tree = AccumulatorTree(source)
        empty = before ?? source.empty
        current = empty
    }

    @inline(__always)
    mutating func answer(_ row: Int, of frames: FrameRanges) -> Source.Node {
        guard frames.lanes.count == 1 else {
            current = empty
            for lane in frames.lanes { tree.fold(lane[row], into: &current) }
            return current
        }
        let next = frames.lanes[0][row]
        if next == range { return current }
        if next.lowerBound == range.lowerBound, next.upperBound > range.upperBound {
            tree.fold(range.upperBound..<next.upperBound, into: &current)
        } else {
            current = empty
            tree.fold(next, into: &current)
        }
        range = next
        return current
    }
}
