/// Finds the name a person probably meant.
package enum NearestName {
    /// The candidate with the least edits, when it is near enough to be a misspelling; ties go to the first.
    ///
    /// - Cost: candidates × length², on names of at most 64 scalars.
    package static func find(_ name: String, among candidates: some Sequence<String>) -> String? {
        let wanted = Array(name.lowercased().unicodeScalars.prefix(64))
        // In a short word two edits make another one: xor is no corr, age no range.
        let allowed = wanted.count <= 3 ? 1 : wanted.count <= 7 ? 2 : 3
        var best: (name: String, distance: Int)?
        for candidate in candidates {
            let letters = Array(candidate.lowercased().unicodeScalars.prefix(64))
            let distance = editDistance(wanted, letters)
            // A word of which more than half is replaced is another word.
            guard distance <= allowed, distance * 2 <= max(wanted.count, letters.count) else { continue }
            if distance < (best?.distance ?? .max) { best = (candidate, distance) }
        }
        return best?.name
    }

    /// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other.
    ///
    /// Source: the optimal string alignment distance.
    static func editDistance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
        var beforePrevious: [Int] = []
        var previous = Array(0...right.count)
        for (row, letter) in left.enumerated() {
            var current = [row + 1]
            for (column, other) in right.enumerated() {
                var cost = min(
                    previous[column + 1] + 1, current[column] + 1,
                    previous[column] + (letter == other ? 0 : 1))
                if row > 0, column > 0, letter == right[column - 1], left[row - 1] == other {
                    cost = min(cost, beforePrevious[column - 1] + 1)
                }
                current.append(cost)
            }
            (beforePrevious, previous) = (previous, current)
        }
        return previous[right.count]
    }
}
