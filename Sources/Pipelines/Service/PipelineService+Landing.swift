package import Effects
import Metastore
package import Scheduling
package import Streams
import Synchronization

/// How a wait for a statement ended without a fault.
private enum LandingEnd {
    case landed
    /// Landed, or gone, behind a change of the pipeline.
    case changed
    case paused(PipelinesError)

    var isChanged: Bool { if case .changed = self { true } else { false } }
}

/// Waiting for events to land, over every change that comes in between.
extension PipelineService {
    /// Returns when every pipeline of the stream has landed what was accepted before the call. Answers how many
    /// statements have: with none, nothing has landed.
    ///
    /// - Errors: what a pipeline failed with; `paused` when one is, after the others have landed; `stopped` when the node
    /// stops; `tooManyWaiting`; the token's reason.
    @discardableResult
    package func flush(
        stream idOrName: String, token: CancellationToken = CancellationToken()
    ) async throws -> Int {
        let stream = try resources.streams.stream(idOrName)
        return try await land(
            stream: stream.definition.id, to: try stream.log.get().status.end, token: token)
    }

    /// As `flush`, up to a place of the log. Answers how many statements have landed it.
    package func land(
        stream id: UniqueID, to target: LogOffset, token: CancellationToken
    ) async throws -> Int {
        // A change may give the stream other statements: whoever is there at the end has landed it.
        while true {
            let statements = try await resources.metastore.read {
                try ProgressRows.all($0).filter { $0.key.streamID == id }.map(\.key)
            }
            let ends = try await withThrowingTaskGroup(of: LandingEnd.self) { group in
                for key in statements {
                    group.addTask { try await self.land(key, to: target, token) }
                }
                // The others land also where one is paused.
                return try await group.reduce(into: [LandingEnd]()) { $0.append($1) }
            }
            for case .paused(let error) in ends { throw error }
            guard ends.contains(where: \.isChanged) else { return statements.count }
            let after = try await resources.metastore.read { transaction in
                try ProgressRows.all(transaction).filter { $0.key.streamID == id }
            }
            if after.allSatisfy({ $0.next >= target || statements.contains($0.key) }) { return after.count }
        }
    }

    /// Returns when the statement has landed everything before `target`, is paused before it, or is no more.
    private func land(
        _ key: ProgressKey, to target: LogOffset, _ token: CancellationToken
    ) async throws -> LandingEnd {
        var isChanged = false
        while true {
            let (controls, isChanging, isEnding) = slots.withLock {
                (
                    $0.controls(of: key.pipelineID), $0.isChanging(key.pipelineID),
                    $0.isDraining || $0.isStopping
                )
            }
            if isEnding { throw PipelinesError(.stopped, "the server is stopping") }
            if !isChanging {
                if let control = controls[key] {
                    do {
                        try await control.flush(to: target, token: token)
                        return isChanged ? .changed : .landed
                    } catch let error as PipelinesError where error.code == .stopped {
                        // By a change: whoever runs the statement after it answers.
                    } catch let error as PipelinesError where error.code == .rejectsReplaced {
                        // The runner makes the table again and lands what was read, after a moment.
                    } catch let error as PipelinesError where error.code == .failed {
                        throw try await named(error, key)
                    }
                }
                if let end = try await end(of: key, target) { return end }
            }
            isChanged = true
            try token.check()
            try await Task.sleep(for: Self.changePause)
        }
    }

    /// A change takes as long as a commit.
    private static let changePause = Duration.milliseconds(20)

    /// Of a statement that nobody runs now; nil while it is about to begin.
    private func end(of key: ProgressKey, _ target: LogOffset) async throws -> LandingEnd? {
        let (progress, pipeline) = try await resources.metastore.read { transaction in
            let progress = try ProgressRows.get(key, transaction)
            return (
                progress,
                try progress.map { _ in try PipelineStore.pipeline(key.pipelineID.hexDigits, transaction) }
            )
        }
        guard let progress, let pipeline, progress.next < target else { return .changed }
        guard pipeline.status == .paused else { return nil }
        return .paused(
            PipelinesError(
                .paused, "a pipeline of the stream is paused and has not landed everything",
                ["pipeline": pipeline.name], hint: "resume it with `firn pipeline resume \(pipeline.name)`"))
    }

    /// The failure with the name by which people know the pipeline.
    private func named(_ error: PipelinesError, _ key: ProgressKey) async throws -> PipelinesError {
        let id = key.pipelineID.hexDigits
        let name: String
        do {
            name = try await resources.metastore.read { try PipelineStore.pipeline(id, $0).name }
        } catch let gone as PipelinesError where gone.code == .pipelineNotFound {
            return error
        }
        return PipelinesError(
            .failed, error.summary, ["pipeline": name],
            hint: "mend that and `firn pipeline resume \(name)`", cause: error.cause)
    }
}
