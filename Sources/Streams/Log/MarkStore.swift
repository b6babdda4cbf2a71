import Effects
import Faults
import Telemetry

/// Reads and writes the checkpoints of a log's marks. Used by one thread at a time.
struct MarkStore: Sendable {
    let directory: String
    let streamID: UniqueID
    let environment: LogEnvironment

    /// The newest whole checkpoint; an empty one of generation -1 when there is none yet. Older and torn files go.
    ///
    /// - Errors: `corrupt` when a checkpoint that was durable is damaged.
    func load() throws(StreamsError) -> MarkFile {
        let generations = try environment.files.list(directory).compactMap(MarkFile.generation(ofFileNamed:))
            .sorted(by: >)
        var newest: MarkFile?
        for generation in generations where newest == nil {
            newest = try read(generation)
        }
        if newest == nil, let last = generations.last, last > 0 || generations.count > 1 {
            throw StreamsError(
                .corrupt, "the index of requests is damaged", [serverFile: path(last)],
                hint: "restore the file from a copy; nothing was changed")
        }
        for generation in generations where generation != newest?.generation {
            try environment.files.remove(path(generation))
        }
        return newest ?? MarkFile(streamID: streamID, generation: -1, end: 0, marked: [])
    }

    private func read(_ generation: Int64) throws(StreamsError) -> MarkFile? {
        let path = path(generation)
        guard let file = try environment.files.open(path) else { return nil }
        let bytes = try file.read(at: 0, count: try file.size())
        let found = try MarkFile.read(bytes.span, generation: generation, streamID: streamID, path: path)
        // A killed process leaves bytes in the page cache that a later power cut would take back.
        if found != nil {
            try file.sync()
            try environment.files.syncDirectory(directory)
        }
        return found
    }

    /// The checkpoint is durable, with its name, when this returns; only then is the one before removed.
    func write(_ checkpoint: MarkFile) throws(StreamsError) {
        if environment.planted.has(.logMarksNotKept) { return }
        let path = path(checkpoint.generation)
        do throws(StreamsError) {
            // What an attempt left that failed in the middle.
            try environment.files.remove(path)
            let file = try environment.files.create(path)
            try file.write(checkpoint.bytes.span, at: 0)
            try file.sync()
            try environment.files.syncDirectory(directory)
        } catch {
            try environment.files.remove(path)
            throw error
        }
        FaultPoints.pass(.logMarksWritten)
        if checkpoint.generation > 0 {
            try environment.files.remove(self.path(checkpoint.generation - 1))
        }
    }

    private func path(_ generation: Int64) -> String {
        "\(directory)/\(MarkFile.fileName(generation: generation))"
    }
}
