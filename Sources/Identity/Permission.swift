/// One thing a token may do. The raw value is how scopes write it.
package enum Permission: String, Sendable, CaseIterable {
    case storageRead = "storage:read"
    case storageWrite = "storage:write"
    case catalogRead = "catalog:read"
    case catalogWrite = "catalog:write"
    case catalogManage = "catalog:manage"
    case sqlRead = "sql:read"
    case sqlWrite = "sql:write"
    case pipelinesSend = "pipelines:send"
    case pipelinesManage = "pipelines:manage"
    case admin

    /// Who may change may look, who may manage may change, and an administrator may everything.
    package func includes(_ other: Permission) -> Bool {
        if self == other || self == .admin { return true }
        switch (self, other) {
        case (.storageWrite, .storageRead), (.catalogWrite, .catalogRead), (.catalogManage, .catalogRead),
            (.catalogManage, .catalogWrite), (.sqlWrite, .sqlRead), (.pipelinesManage, .pipelinesSend):
            return true
        default: return false
        }
    }

    /// The limits that mean something for what the permission allows; any other would make a token that allows nothing,
    /// or seem to limit one that may everything.
    package var limits: [Scope.Limit] {
        switch self {
        case .storageRead, .storageWrite: [.bucket, .prefix, .object]
        case .catalogRead, .catalogWrite, .catalogManage, .sqlRead, .sqlWrite: [.bucket, .namespace, .table]
        case .pipelinesSend, .pipelinesManage: [.stream]
        case .admin: []
        }
    }
}
