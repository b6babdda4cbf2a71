import Catalogs
import Columnar
import Iceberg
import JSONText
import Tables

/// A page of a plan as the specification writes it: tasks that refer to their deletes by place.
///
///     {"plan-tasks": ["…"], "file-scan-tasks": [{"data-file": {…}, "delete-file-references": [0],
///      "residual-filter": true}], "delete-files": [{…}]}
///
/// Source: Iceberg REST catalog specification, `ScanTasks`.
struct ScanTasksJSON {
    private let page: ScanPage
    private let metadata: TableMetadata

    init(_ page: ScanPage, metadata: TableMetadata) {
        self.page = page
        self.metadata = metadata
    }

    /// Several deletion vectors share a file.
    private struct DeleteKey: Hashable {
        var path: String
        var offset: Int64?
    }

    func members() -> JSONObject {
        let files = ContentFileJSON(metadata: metadata, statsFields: page.statsFields)
        var deletes: [JSONValue] = []
        var places: [DeleteKey: Int] = [:]
        var last: (spec: Int, partition: [Scalar], residual: JSONValue)?
        var tasks: [JSONValue] = []
        for task in page.tasks {
            var object: JSONObject = ["data-file": files.data(task.file)]
            let references = Self.deletes(of: task).map { file in
                let key = DeleteKey(path: file.path, offset: file.contentOffset)
                if let place = places[key] { return place }
                places[key] = deletes.count
                deletes.append(files.deletes(file))
                return deletes.count - 1
            }
            if !references.isEmpty {
                object["delete-file-references"] = .array(references.map { JSONValue($0) })
            }
            // Files of one partition mostly follow each other.
            if last?.spec != task.spec.specID || last?.partition != task.file.partition {
                let rest = page.filter.residual(in: task.file.partition, of: task.spec, page.schema)
                last = (task.spec.specID, task.file.partition, rest.json)
            }
            object["residual-filter"] = last?.residual
            tasks.append(.object(object))
        }
        return [
            "plan-tasks": JSONValue(page.planTasks), "file-scan-tasks": .array(tasks),
            "delete-files": .array(deletes),
        ]
    }

    /// Clients apply every delete they are told of, so older equality deletes must not be among them.
    private static func deletes(of task: ScanTask) -> [DataFile] {
        let equality = task.deletes.equality.flatMap(\.files).filter {
            $0.sequenceNumber > task.sequenceNumber
        }
        return ((task.deletes.vector.map { [$0] } ?? []) + task.deletes.positions + equality).map(\.file)
    }
}
