import SQLSyntax

/// Matches names: exactly, byte by byte, first, then the only one that differs in case or in how its letters are composed.
enum NameMatch {
    enum Outcome: Equatable {
        case found(Int)
        case ambiguous
        case missing
    }

    static func find(_ name: String, among names: [String]) -> Outcome {
        let exact = names.indices.filter { names[$0].utf8.elementsEqual(name.utf8) }
        if exact.count == 1 { return .found(exact[0]) }
        if exact.count > 1 { return .ambiguous }
        let folded = name.lowercased()
        let similar = names.indices.filter { names[$0].lowercased() == folded }
        if similar.count == 1 { return .found(similar[0]) }
        return similar.isEmpty ? .missing : .ambiguous
    }

    /// `did you mean dep_delay?`
    static func hint(_ name: String, among names: [String]) -> String? {
        NearestName.find(name, among: names).map { "did you mean \(Identifier($0))?" }
    }
}
