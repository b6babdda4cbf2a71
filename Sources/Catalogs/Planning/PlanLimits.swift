/// Bounds of planning scans for clients.
package struct PlanLimits: Sendable {
    /// Plans whose ids are known at a time; the oldest that nobody works on make room.
    package var openPlans = 256
    /// Of those, the plans of one token: it pushes out its own before anybody else's.
    package var openPlansPerOwner = 64
    /// Plans worked on in the background at a time.
    package var plansAtOnce = 4
    /// Tasks in one answer, fewer when each carries a long filter.
    package var tasksPerPage = 2000
    package var pageBytes = 8 << 20
    /// A filter beyond is refused: each plan task carries it.
    package var filterBytes = 256 << 10
    /// Plan tasks given out together, so that a client can fetch as many side by side.
    package var partsAtOnce = 16
    /// Manifests of deletes are read before the first task is known. With more bytes the client has to come again.
    package var deleteBytesAtOnce: Int64 = 32 << 20
    /// What one plan may take of memory for deletes.
    package var deleteIndexBytes = 256 << 20
    /// How long a plan's id is known.
    package var planSeconds: Int64 = 600
    /// How long a plan task can be fetched.
    package var taskSeconds: Int64 = 3600

    package init() {}
}
