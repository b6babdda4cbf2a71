import Plans
import SQLSyntax

/// What GROUP BY comes to: keys, each once, and which of them make each grouping set.
struct GroupingSets {
    /// CUBE over twelve keys.
    static let setLimit = 4_096
    /// Keys are compared with each other.
    static let keyLimit = 256

    private(set) var keys: [GroupBinding.Key] = []
    /// Positions in `keys`; a single set is a plain GROUP BY.
    private(set) var sets: [[Int]] = [[]]

    /// `bind` turns an expression of GROUP BY into a key.
    init(
        _ elements: [GroupingSyntax.Element], at position: TextPosition,
        bind: (ExpressionSyntax) throws(PlannerError) -> GroupBinding.Key
    ) throws(PlannerError) {
        for element in elements {
            guard element.listCount <= Self.setLimit else { throw Self.tooMany(at: position) }
            var alternatives: [[Int]] = []
            switch element {
            case .key(let syntax): alternatives = [try places([syntax], bind)]
            case .sets(let lists): for list in lists { alternatives.append(try places(list, bind)) }
            case .rollup(let lists):
                guard lists.count <= Self.keyLimit else { throw Self.tooMany(at: position) }
                var parts: [[Int]] = []
                for list in lists { parts.append(try places(list, bind)) }
                alternatives = (0...parts.count).reversed().map { Array(parts[..<$0].joined()) }
            case .cube(let lists):
                guard lists.count <= 12 else { throw Self.tooMany(at: position) }
                var parts: [[Int]] = []
                for list in lists { parts.append(try places(list, bind)) }
                alternatives = (0..<1 << parts.count).reversed().map { mask in
                    parts.indices.filter { mask >> (parts.count - 1 - $0) & 1 == 1 }.flatMap { parts[$0] }
                }
            }
            // Elements side by side multiply.
            guard sets.count * alternatives.count <= Self.setLimit else { throw Self.tooMany(at: position) }
            guard keys.count <= Self.keyLimit else { throw Self.tooMany(at: position) }
            sets = sets.flatMap { set in alternatives.map { set + $0 } }
        }
        sets = sets.map { set in
            var seen = Set<Int>()
            return set.filter { seen.insert($0).inserted }
        }
    }

    /// Keys alone.
    init(_ keys: [GroupBinding.Key]) {
        self.keys = keys
        sets = [Array(keys.indices)]
    }

    private mutating func places(
        _ list: [ExpressionSyntax], _ bind: (ExpressionSyntax) throws(PlannerError) -> GroupBinding.Key
    ) throws(PlannerError) -> [Int] {
        var result: [Int] = []
        guard list.count <= Self.keyLimit else { throw Self.tooMany(at: list[0].position) }
        for syntax in list.flatMap(\.elementsOfRow) { result.append(place(try bind(syntax))) }
        return result
    }

    private mutating func place(_ key: GroupBinding.Key) -> Int {
        if let known = keys.firstIndex(where: { $0.value == key.value }) { return known }
        keys.append(key)
        return keys.count - 1
    }

    private static func tooMany(at position: TextPosition) -> PlannerError {
        PlannerError(
            .unsupported, "the query has too many grouping sets or keys",
            ["sets": setLimit, "keys": keyLimit],
            at: position)
    }
}

extension ExpressionSyntax {
    /// `(a, b)` is both keys, as in PostgreSQL; another key is itself.
    fileprivate var elementsOfRow: [ExpressionSyntax] {
        if case .row(let elements) = kind { elements.flatMap(\.elementsOfRow) } else { [self] }
    }
}

extension GroupingSyntax.Element {
    fileprivate var listCount: Int {
        switch self {
        case .key: 1
        case .rollup(let lists), .cube(let lists), .sets(let lists): lists.count
        }
    }
}
