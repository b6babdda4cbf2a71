import Buckets
import Identity
import JSONText
import Metastore
import Pipelines
import Telemetry

/// What the object store does by itself: reads objects back at an even pace, and applies lifecycle rules.
struct StoreUpkeep: Sendable {
    let buckets: BucketStore
    let log: Log
    /// Read back each second; 0 switches the check off.
    let scrubBytes: Int64

    /// A second between two steps.
    private static let pause = Duration.seconds(1)
    /// Steps between two rounds of lifecycle rules: five minutes.
    private static let lifecycleSteps = 300
    /// Steps between the end of a pass over all objects and the next: an hour.
    private static let restSteps = 3600

    /// Runs until its task is cancelled.
    func run() async {
        var cursor: BucketStore.ScrubCursor? = BucketStore.ScrubCursor()
        var rest = 0
        var step = 0
        while true {
            do { try await Task.sleep(for: Self.pause) } catch { return }
            step += 1
            do {
                if step.isMultiple(of: Self.lifecycleSteps) {
                    let removed = try await buckets.applyLifecycle()
                    try await buckets.abortExpiredUploads()
                    if removed.objects + removed.uploads > 0 {
                        log.info(
                            "lifecycle rules were applied",
                            [
                                "objects": .integer(Int64(removed.objects)),
                                "uploads": .integer(Int64(removed.uploads)),
                            ])
                    }
                }
                if rest > 0 {
                    rest -= 1
                } else if scrubBytes > 0, let present = cursor {
                    cursor = try await buckets.scrub(from: present, byteLimit: scrubBytes)
                    if cursor == nil {
                        rest = Self.restSteps
                        cursor = BucketStore.ScrubCursor()
                    }
                }
            } catch {
                log.warning("upkeep of the object store failed", ["reason": .string("\(error)")])
            }
        }
    }
}

extension NodeRooms {
    /// What the store needs from time to time, until the task is cancelled.
    func runUpkeep() async {
        switch objects {
        case .local(let store):
            await StoreUpkeep(buckets: store, log: log, scrubBytes: settings.scrubBytes).run()
        case .external(let buckets, let client, _):
            await withDiscardingTaskGroup { group in
                if metastore.isShared {
                    group.addTask { await followBuckets(buckets) }
                    group.addTask { await followTokens() }
                }
                // Promises are in the database that all nodes share: one of them looks.
                await ExternalUpkeep(
                    client: client, log: log, isOurs: { [metastore] in metastore.isMain },
                    promised: { [pipelines] in try await pipelines.promisedFiles() }
                )
                .run()
            }
        }
    }

    private static let tokenPause = Duration.seconds(2)

    /// Sees what other nodes do to the tokens, until the task is cancelled.
    private func followTokens() async {
        while true {
            do { try await Task.sleep(for: Self.tokenPause) } catch { return }
            do { try await tokens.noticeChanges() } catch {
                log.warning(
                    "tokens that other nodes deleted could not be looked for",
                    ["reason": .string("\(error)")])
            }
        }
    }

    private static let bucketPause = Duration.seconds(5)

    /// Sees what other nodes do to the buckets, until the task is cancelled.
    private func followBuckets(_ buckets: ExternalBuckets) async {
        while true {
            do { try await Task.sleep(for: Self.bucketPause) } catch { return }
            do { try await buckets.refresh() } catch {
                log.warning(
                    "the buckets that other nodes made could not be looked at",
                    ["reason": .string("\(error)")])
            }
        }
    }
}
