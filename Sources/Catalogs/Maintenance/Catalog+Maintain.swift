import JSONText
import Metastore
import Telemetry

extension Catalog {
    /// Deletes what is on record as to be deleted: purged tables, files of expired snapshots, answers kept for
    /// requests that may be repeated. Nothing is lost when it is stopped at any moment.
    package func maintain() async {
        typealias Duty = (name: String, run: @Sendable () async throws -> Void)
        var duties: [Duty] = [("answers", { [self] in try await deleteExpiredAnswers() })]
        // One node of several: of two, one could list the files of a new table where the other has purged an old one.
        if metastore.isMain {
            let clearing: [Duty] = [
                ("purge", { [self] in try await finishPurges() }),
                ("expired files", { [self] in try await deleteExpiredFiles() }),
            ]
            duties += clearing
        }
        for duty in duties where !Task.isCancelled {
            do {
                try await duty.run()
            } catch {
                log.warning(
                    "cleaning up after the catalog failed",
                    ["duty": .string(duty.name), "reason": .string("\(error)")])
            }
        }
    }

    /// Maintains at once, because a crash may have left something, and then from time to time, and deletes what commits let
    /// go of, until it is cancelled.
    package func runMaintenance() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.runDeletions() }
            group.addTask { await self.maintainRepeatedly() }
        }
    }

    private func maintainRepeatedly() async {
        while !Task.isCancelled {
            await maintain()
            // Only a cancelled sleep throws, and then the loop ends.
            do { try await Task.sleep(for: .seconds(limits.maintenanceSeconds)) } catch { return }
        }
    }
}
