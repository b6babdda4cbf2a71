import Kernels
import Plans

/// Chooses in which order the inputs of a region meet.
///
/// Few inputs: every tree without cross products, by dynamic programming over their subsets. Many: greedily, the pair
/// with the fewest rows first. A tree costs the rows of all its joins and of their smaller sides, which are held.
///
/// Source: Moerkotte and Neumann, "Dynamic Programming Strikes Back", SIGMOD 2008; Fegaras, "A New Heuristic for
/// Optimizing Large Queries", DEXA 1998.
struct JoinOrder {
    indirect enum Tree {
        case leaf(Int)
        /// The right side is held.
        case join(Tree, Tree)
    }
    struct Candidate {
        var tree: Tree
        var leaves: UInt64
        var rows: Double
        var cost: Double
    }
    /// More inputs would mean more than 3^10 pairs of subsets.
    private static let exhaustiveLimit = 10
    static let leafLimit = 60

    private let region: JoinRegion
    private let classes: ColumnClasses
    /// The leaves of each class's members.
    private let classLeaves: [UInt64]
    /// Distinct values of each class, at most.
    private let domains: [Double]
    private let leafRows: [Double]
    private let baseRows: [Double]
    private let conditionLeaves: [UInt64]

    init(_ region: JoinRegion, _ classes: ColumnClasses) {
        self.region = region
        self.classes = classes
        let leaves = region.leaves.map { RowEstimate($0) }
        leafRows = leaves.map(\.rows)
        baseRows = leaves.map(\.baseRows)
        classLeaves = classes.classes.map { $0.reduce(0) { $0 | 1 << UInt64(region.leaf(of: $1)) } }
        domains = classes.classes.map { members in
            let counts = members.map { column in
                let leaf = region.leaf(of: column)
                return leaves[leaf].distinct(column - region.starts[leaf]) ?? (leaves[leaf].baseRows, false)
            }
            return RowEstimate.domain(counts) ?? 1
        }
        conditionLeaves = classes.others.map { region.leaves(of: $0) }
    }

    func best() -> Tree {
        var parts = leafRows.enumerated().map { index, rows in
            Candidate(tree: .leaf(index), leaves: 1 << UInt64(index), rows: rows, cost: 0)
        }
        if parts.count <= Self.exhaustiveLimit { parts = components(parts).map(exhaustive) }
        return greedy(parts).tree
    }

    /// Groups of leaves that conditions connect.
    private func components(_ leaves: [Candidate]) -> [[Candidate]] {
        var groups: [(leaves: UInt64, members: [Candidate])] = []
        for leaf in leaves {
            var joined = (leaves: leaf.leaves, members: [leaf])
            groups.removeAll { group in
                guard isConnected(group.leaves, leaf.leaves) else { return false }
                joined.leaves |= group.leaves
                joined.members = group.members + joined.members
                return true
            }
            groups.append(joined)
        }
        return groups.map(\.members)
    }

    private func exhaustive(_ leaves: [Candidate]) -> Candidate {
        let count = leaves.count
        var best = [Candidate?](repeating: nil, count: 1 << count)
        for index in 0..<count { best[1 << index] = leaves[index] }
        for subset in 1..<(1 << count) where subset & (subset - 1) != 0 {
            var part = (subset - 1) & subset
            while part > 0 {
                // Each pair once: the half with the lowest leaf on the left.
                if part & subset & -subset != 0, let left = best[part], let right = best[subset ^ part],
                    isConnected(left.leaves, right.leaves)
                {
                    let joined = join(left, right)
                    if joined.cost < best[subset]?.cost ?? .infinity { best[subset] = joined }
                }
                part = (part - 1) & subset
            }
        }
        return best[(1 << count) - 1] ?? greedy(leaves)
    }

    private func greedy(_ parts: [Candidate]) -> Candidate {
        var parts = parts
        while parts.count > 1 {
            var choice: (first: Int, second: Int, joined: Candidate, isConnected: Bool)?
            for first in parts.indices {
                for second in parts.indices where second > first {
                    let isConnected = isConnected(parts[first].leaves, parts[second].leaves)
                    if let choice, choice.isConnected, !isConnected { continue }
                    let joined = join(parts[first], parts[second])
                    let isBetter =
                        choice.map { joined.rows < $0.joined.rows || (isConnected && !$0.isConnected) }
                        ?? true
                    if isBetter { choice = (first, second, joined, isConnected) }
                }
            }
            guard let choice else { break }
            parts[choice.first] = choice.joined
            parts.remove(at: choice.second)
        }
        return parts[0]
    }

    /// Only an equality finds partners without looking at every pair.
    private static func isKey(_ condition: Expression) -> Bool {
        if case .call(.equal, _, _) = condition.unlocated { true } else { false }
    }

    private func isConnected(_ left: UInt64, _ right: UInt64) -> Bool {
        classLeaves.contains { $0 & left != 0 && $0 & right != 0 }
            || zip(classes.others, conditionLeaves).contains { condition, leaves in
                leaves & left != 0 && leaves & right != 0 && leaves & ~(left | right) == 0
                    && Self.isKey(condition)
            }
    }

    /// The smaller side on the right, where it is held.
    private func join(_ left: Candidate, _ right: Candidate) -> Candidate {
        let rows = rows(left, right)
        let (probe, held) = left.rows >= right.rows ? (left, right) : (right, left)
        return Candidate(
            tree: .join(probe.tree, held.tree), leaves: left.leaves | right.leaves, rows: rows,
            cost: left.cost + right.cost + rows + 2 * held.rows + 0.2 * probe.rows)
    }

    private func rows(_ left: Candidate, _ right: Candidate) -> Double {
        var rows = left.rows * right.rows
        // Several keys of one table have together no more values than the table has rows.
        var byLeft: [Int: Double] = [:]
        var byRight: [Int: Double] = [:]
        for (index, leaves) in classLeaves.enumerated()
        where leaves & left.leaves != 0 && leaves & right.leaves != 0 {
            let first = (leaves & left.leaves).trailingZeroBitCount
            let second = (leaves & right.leaves).trailingZeroBitCount
            byLeft[first, default: 1] *= domains[index]
            byRight[second, default: 1] *= domains[index]
        }
        let denominators = [byLeft, byRight].map { sides in
            sides.reduce(1) { $0 * min($1.value, baseRows[$1.key]) }
        }
        rows /= max(1, min(denominators[0], denominators[1]))
        let both = left.leaves | right.leaves
        for (condition, leaves) in zip(classes.others, conditionLeaves)
        where leaves & left.leaves != 0 && leaves & right.leaves != 0 && leaves & ~both == 0 {
            rows *= RowEstimate.selectivity(condition)
        }
        return max(1, rows)
    }
}
