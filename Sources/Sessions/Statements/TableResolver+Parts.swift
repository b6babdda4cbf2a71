import Faults
import Iceberg
import Planner
import SQLSyntax

/// What is named behind a table's name: a table about it, `web.clicks.snapshots`, or one of its states, `web.clicks.branch_x`.
enum TablePart {
    case metadata(MetadataTable)
    case ref(String)

    init?(_ name: String) {
        if let kind = MetadataTable(named: name) {
            self = .metadata(kind)
        } else if let prefix = ["branch_", "tag_"].first(where: { name.lowercased().hasPrefix($0) }) {
            self = .ref(String(name.dropFirst(prefix.count)))
        } else {
            return nil
        }
    }
}

extension TableResolver {
    /// The table that the name may be a part of, unless there is a namespace of the table's name that the caller may know of.
    private func whole(_ name: QualifiedName) async throws -> QualifiedName? {
        guard name.parts.count > 1 else { return nil }
        let outer = QualifiedName(Array(name.parts.dropLast()))
        guard outer.parts.count > 1 || !request.namespace.isEmpty else { return nil }
        return try await spelling(of: Namespace(outer.texts)) == nil ? outer : nil
    }

    /// `web.clicks.snapshots`, whether or not there is a table `web.clicks`.
    func partOfTable(_ name: QualifiedName) async throws -> (table: QualifiedName, kind: TablePart)? {
        guard let part = TablePart(name.last.text), let table = try await whole(name) else { return nil }
        return (table, part)
    }

    /// `web.clicks.snapshots` for `web.clicks.snapshotz`, where there is a table `web.clicks` that the caller may read.
    func partOfTable(near name: QualifiedName) async throws -> QualifiedName? {
        let kinds = MetadataTable.allCases.map(\.rawValue)
        guard let near = NearestName.find(name.last.text, among: kinds), let table = try await whole(name),
            try await isTable(table)
        else { return nil }
        return QualifiedName(table.parts + [Identifier(near)])
    }

    private func isTable(_ name: QualifiedName) async throws -> Bool {
        do {
            guard case .table = try await find(name, for: Self.reading) else { return false }
            return true
        } catch let fault as any Fault where Self.isMissing(fault) || fault.kind == .denied {
            return false
        }
    }

    /// - Errors: `SES-105` for a part of a table that the caller may change, which is only read.
    func refusePart(_ name: QualifiedName) async throws {
        guard let part = try await partOfTable(name), try await isTable(part.table) else { return }
        switch part.kind {
        case .metadata:
            throw SessionsError(
                .wrongKind, "this is about a table, and only read", ["name": "\(name)"],
                at: name.position.place)
        case .ref:
            throw SessionsError(
                .wrongKind, "branches and tags are only read; statements change a table's branch main",
                ["name": "\(name)"], at: name.position.place, hint: "write to \(part.table)")
        }
    }

    /// Whether nothing was found by a name.
    static func isMissing(_ fault: any Fault) -> Bool {
        (fault as? PlannerError)?.code == .unknownTable
            || (fault as? SessionsError)?.code == .namespaceMissing
    }
}
