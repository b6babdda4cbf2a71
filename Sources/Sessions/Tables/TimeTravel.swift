import Columnar
import Iceberg
import Planner
import Plans
import SQLSyntax

/// Finds the state of a table that AS OF means, and the columns it is read with.
///
/// Source: Iceberg table specification, "Snapshots and Time Travel": a snapshot or tag is read with the snapshot's
/// schema, a branch with the table's.
struct TimeTravel {
    /// Nil for a table without a snapshot.
    let snapshot: Snapshot?
    let schema: IcebergSchema

    init(now metadata: TableMetadata) {
        snapshot = metadata.currentSnapshot
        schema = metadata.currentSchema
    }

    /// - Errors: `PLA-118` with the place and what there is.
    init(to version: TableVersion, of metadata: TableMetadata, at position: TextPosition) throws {
        func past(_ id: Int64) throws -> Snapshot {
            guard let found = metadata.snapshot(withID: id) else {
                throw PlannerError(
                    .invalidVersion, "the table has no such snapshot", ["snapshot": id], at: position,
                    hint: "it may have expired; the table's .snapshots lists what there is")
            }
            return found
        }
        switch version {
        case .snapshot(let id):
            let found = try past(id)
            snapshot = found
            schema = metadata.schema(of: found)
        case .named(let name):
            guard let ref = metadata.refs[name] else {
                guard let id = Int64(name) else {
                    throw PlannerError(
                        .invalidVersion, "the table has no such branch or tag", ["name": name], at: position,
                        hint: Self.hint(name, metadata))
                }
                self = try TimeTravel(to: .snapshot(id), of: metadata, at: position)
                return
            }
            let found = try past(ref.snapshotID)
            snapshot = found
            schema = ref.kind == .branch ? metadata.currentSchema : metadata.schema(of: found)
        case .time(let microseconds):
            let milliseconds = microseconds.quotientFloored(by: 1_000)
            let log = metadata.snapshotLog
            guard let entry = log.last(where: { $0.timestampMilliseconds <= milliseconds }) else {
                throw PlannerError(
                    .invalidVersion, "the table has no snapshot that old", at: position,
                    hint: log.first.map {
                        "the oldest known is of "
                            + LiteralText.text(.long($0.timestampMilliseconds &* 1_000), .timestamptz)
                    })
            }
            let found = try past(entry.snapshotID)
            snapshot = found
            schema = metadata.schema(of: found)
        }
    }

    private static func hint(_ name: String, _ metadata: TableMetadata) -> String? {
        if let near = NearestName.find(name, among: metadata.refs.keys.sorted()) {
            return "did you mean '\(near)'?"
        }
        let names = metadata.refs.keys.sorted().prefix(8).joined(separator: ", ")
        return names.isEmpty ? "the table has no snapshot yet" : "there are \(names)"
    }
}

extension Int64 {
    /// Division that rounds towards the past.
    fileprivate func quotientFloored(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
