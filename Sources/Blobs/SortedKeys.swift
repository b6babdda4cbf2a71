/// A dictionary in key order: a directory of short sorted runs.
///
///     [ a b d ] [ f g k m ] [ p q ]      a run splits in two when it reaches its limit
///
/// - Cost: a search is two binary searches; an insertion moves at most one run and the directory's tail. With a million
///   keys that are some 4,000 runs.
package struct SortedKeys<Value> {
    fileprivate struct Run {
        var keys: [ObjectKey]
        var values: [Value]
    }

    /// Where a key is, or would be; valid until the next change.
    package struct Position: Sendable, Hashable {
        fileprivate var run: Int
        fileprivate var index: Int
    }

    private static var runLimit: Int { 512 }

    // Never holds an empty run.
    private var runs: [Run] = []
    package private(set) var count = 0

    package init() {}

    package subscript(key: ObjectKey) -> Value? {
        get {
            let position = lowerBound(key)
            return isKey(key, at: position) ? runs[position.run].values[position.index] : nil
        }
        set {
            if let newValue { insert(key, newValue) } else { remove(key) }
        }
    }

    /// The first entry whose key is not less than `key`; nil at the end.
    package func first(from key: ObjectKey) -> Position? {
        let position = lowerBound(key)
        return position.run < runs.count ? position : nil
    }

    package func position(after position: Position) -> Position? {
        if position.index + 1 < runs[position.run].keys.count {
            return Position(run: position.run, index: position.index + 1)
        }
        return position.run + 1 < runs.count ? Position(run: position.run + 1, index: 0) : nil
    }

    package subscript(position: Position) -> (key: ObjectKey, value: Value) {
        (runs[position.run].keys[position.index], runs[position.run].values[position.index])
    }

    /// In key order, until `body` answers false.
    package func forEach(from start: ObjectKey? = nil, _ body: (ObjectKey, Value) throws -> Bool) rethrows {
        var position = first(from: start ?? ObjectKey(bytes: []))
        while let current = position {
            let entry = self[current]
            guard try body(entry.key, entry.value) else { return }
            position = self.position(after: current)
        }
    }

    private mutating func insert(_ key: ObjectKey, _ value: Value) {
        guard !runs.isEmpty else {
            runs.append(Run(keys: [key], values: [value]))
            count = 1
            return
        }
        var position = lowerBound(key)
        if isKey(key, at: position) {
            runs[position.run].values[position.index] = value
            return
        }
        // A key behind the last of a run, and before the next run's first, goes to the end of the earlier run.
        if position.index == 0, position.run > 0 {
            position = Position(run: position.run - 1, index: runs[position.run - 1].keys.count)
        }
        runs[position.run].keys.insert(key, at: position.index)
        runs[position.run].values.insert(value, at: position.index)
        count += 1
        if runs[position.run].keys.count > Self.runLimit { split(position.run) }
    }

    private mutating func split(_ index: Int) {
        let middle = runs[index].keys.count / 2
        let tail = Run(keys: Array(runs[index].keys[middle...]), values: Array(runs[index].values[middle...]))
        runs[index].keys.removeSubrange(middle...)
        runs[index].values.removeSubrange(middle...)
        runs.insert(tail, at: index + 1)
    }

    private mutating func remove(_ key: ObjectKey) {
        let position = lowerBound(key)
        guard isKey(key, at: position) else { return }
        runs[position.run].keys.remove(at: position.index)
        runs[position.run].values.remove(at: position.index)
        count -= 1
        if runs[position.run].keys.isEmpty { runs.remove(at: position.run) }
    }

    private func isKey(_ key: ObjectKey, at position: Position) -> Bool {
        position.run < runs.count && runs[position.run].keys[position.index] == key
    }

    /// The first position not before `key`; `run == runs.count` at the end.
    private func lowerBound(_ key: ObjectKey) -> Position {
        let run = partition(runs.count) { runs[$0].keys[runs[$0].keys.count - 1] < key }
        guard run < runs.count else { return Position(run: run, index: 0) }
        return Position(run: run, index: partition(runs[run].keys.count) { runs[run].keys[$0] < key })
    }

    /// The first of `count` indices for which `isBefore` is false; true ones come first.
    private func partition(_ count: Int, _ isBefore: (Int) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if isBefore(middle) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension SortedKeys: Sendable where Value: Sendable {}
extension SortedKeys.Run: Sendable where Value: Sendable {}
