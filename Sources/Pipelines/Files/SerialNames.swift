/// Whose numbers files have: each serial sink's are its own, so no two may count in one folder.
extension SinkDefinition {
    /// Asked of new sinks alone: those that are there must stay readable.
    ///
    /// Refused instead of counted together: a number moves in the transaction that moves a sink's own progress, and a
    /// count that several pipelines share would make each commit wait for the others'.
    ///
    /// - Errors: `PIP-105` with the name of a sink whose files could have the same keys.
    func requireOwnNumbers(among others: [SinkDefinition]) throws(PipelinesError) {
        guard case .files(let place) = target, place.naming.strategy == .serial else { return }
        for other in others where other.bucket == bucket {
            guard case .files(let taken) = other.target, taken.naming.strategy == .serial,
                place.naming.prefix == taken.naming.prefix,
                place.naming.suffix ?? format.suffix == taken.naming.suffix ?? other.format.suffix,
                place.mayMeet(taken)
            else { continue }
            throw PipelinesError(
                .invalidDefinition, "another sink numbers its files in the same folder",
                ["path": "$.config.file_naming.strategy", "sink": other.name],
                hint: "give the files another path or prefix, or name them by uuid_v7 or ulid")
        }
    }
}

extension FilePlace {
    /// Some time may give both the same folder.
    func mayMeet(_ other: FilePlace) -> Bool {
        let (own, others) = (segments, other.segments)
        guard own.count == others.count else { return false }
        return zip(own, others).allSatisfy { left, right in
            guard let left, let right else { return true }
            return left == right
        }
    }

    /// Of the folders' names; nil for one that the time makes. No letter of a pattern makes a slash.
    private var segments: [String?] {
        let parts = pattern.text.split(separator: "/").map { segment -> String? in
            let plain = String(segment).replacing("%%", with: "")
            return plain.contains("%") ? nil : String(segment).replacing("%%", with: "%")
        }
        return path.split(separator: "/").map { String($0) } + parts
    }
}
