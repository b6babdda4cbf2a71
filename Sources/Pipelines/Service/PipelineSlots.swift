import Effects

/// Which pipelines run in this process, and who may change one: one at a time.
///
/// A pipeline that is being changed keeps its place, so that nobody starts it a second time, and whoever waits for it
/// hears that it was stopped.
struct PipelineSlots: Sendable {
    private struct Slot {
        /// One for each statement; none while the pipeline is paused.
        var controls: [ProgressKey: RunnerControl]
        var isChanging: Bool
    }
    private var slots: [UniqueID: Slot] = [:]
    /// The node stops: nothing begins any more.
    private(set) var isStopping = false
    /// Nobody waits any more for what is to land: the node will stop.
    var isDraining = false

    /// Takes a place for a new pipeline, or an old one when the node starts.
    mutating func open(
        _ id: UniqueID, _ controls: [ProgressKey: RunnerControl], isChanging: Bool
    ) throws(PipelinesError) {
        guard !isStopping else { throw PipelinesError(.stopped, "the server is stopping") }
        precondition(slots[id] == nil, "a pipeline has one place")
        slots[id] = Slot(controls: controls, isChanging: isChanging)
    }

    /// The pipeline is the caller's alone until `endChange`. Answers the runners it has now.
    mutating func beginChange(_ id: UniqueID) throws(PipelinesError) -> [ProgressKey: RunnerControl] {
        guard !isStopping else { throw PipelinesError(.stopped, "the server is stopping") }
        guard let slot = slots[id] else {
            throw PipelinesError(.pipelineNotFound, "the pipeline was deleted", ["pipeline": id.hexDigits])
        }
        guard !slot.isChanging else {
            throw PipelinesError(
                .changing, "the pipeline is being changed by somebody else", ["pipeline": id.hexDigits],
                hint: "try again in a moment")
        }
        slots[id]?.isChanging = true
        return slot.controls
    }

    /// The pipeline runs with these from now on; nil when it is no more. False when the node stops: then nothing
    /// should be started.
    mutating func endChange(_ id: UniqueID, _ controls: [ProgressKey: RunnerControl]?) -> Bool {
        guard !isStopping else { return false }
        slots[id] = controls.map { Slot(controls: $0, isChanging: false) }
        return true
    }

    /// Answers every runner there is.
    mutating func stop() -> [RunnerControl] {
        isStopping = true
        return controls
    }

    var controls: [RunnerControl] { slots.values.flatMap { $0.controls.values } }

    /// The runners there are end, and others may follow.
    func isChanging(_ id: UniqueID) -> Bool { slots[id]?.isChanging ?? false }

    func controls(of id: UniqueID) -> [ProgressKey: RunnerControl] { slots[id]?.controls ?? [:] }
}
