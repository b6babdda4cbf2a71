import Catalogs
package import JSONText
import Metastore
import Pipelines
import Streams
import Telemetry
import Wire

/// A node whose servers listen.
package struct RunningNode: Sendable {
    /// Where each server can be reached: `http`, `s3`.
    package let addresses: JSONValue
    private let rooms: NodeRooms
    private let servers: [HTTPServer]
    private let readiness: Readiness
    /// Owns the tasks of all pipelines.
    private let pipelines: Task<Void, Never>
    /// Deletes what the catalog has on record as to be deleted.
    private let maintenance: Task<Void, Never>
    private let upkeep: Task<Void, Never>
    /// Looks at what the streams' disk has left.
    private let space: Task<Void, Never>
    /// Works on scans that are planned in the background.
    private let planning: Task<Void, Never>

    /// Starts S3 first: the catalog tells its address to clients.
    static func start(_ rooms: NodeRooms) async throws -> RunningNode {
        let settings = rooms.settings
        let readiness = Readiness()
        let s3 = rooms.s3Server()
        let s3Port = try s3.start()
        let s3URL = settings.s3PublicURL ?? url(settings, settings.s3Listen.host, s3Port)
        do {
            let address = PublishedAddress()
            let http = rooms.httpServer(s3URL: s3URL, publicURL: { address.text }, readiness: readiness)
            let httpPort = try http.start()
            let httpURL = settings.publicURL ?? url(settings, settings.listen.host, httpPort)
            address.publish(httpURL)
            if rooms.metastore.isShared, settings.nodeURL == nil,
                ["0.0.0.0", "::"].contains(settings.listen.host)
            {
                rooms.log.warning("other nodes do not know where to reach this one: pass --node-url")
            }
            try await rooms.lease.publish(
                address: settings.nodeURL ?? url(settings, settings.listen.host, httpPort))
            readiness.set(true)
            return RunningNode(
                addresses: ["http": .string(httpURL), "s3": .string(s3URL)], rooms: rooms,
                servers: [http, s3],
                readiness: readiness, pipelines: Task { await rooms.pipelines.run() },
                maintenance: Task { await rooms.catalog.runMaintenance() },
                upkeep: Task { await rooms.runUpkeep() },
                space: Task { await rooms.streams.watchSpace() },
                planning: Task { await rooms.plans.run() })
        } catch {
            await s3.stop()
            throw error
        }
    }

    /// Returns when another process has the node; false when this one gave it back.
    func isTakenOver() async -> Bool { await rooms.keeping.value }

    private static func url(_ settings: NodeSettings, _ host: String, _ port: Int) -> String {
        "\(settings.usesTLS ? "https" : "http")://\(HostPort(host: host, port: port))"
    }

    /// `{"event":"ready","http":"http://127.0.0.1:8787","s3":"http://127.0.0.1:9000"}`
    package var readyLine: String {
        var line: JSONObject = ["event": "ready"]
        for (name, value) in addresses.object?.members ?? [] { line[name] = value }
        return JSONValue.object(line).description
    }

    /// False when they have not within the time for draining, one second at least.
    private func havePipelinesEnded() async -> Bool {
        let (answers, send) = AsyncStream.makeStream(of: Bool.self, bufferingPolicy: .bufferingOldest(1))
        // Nothing here may keep the rooms open: their directory's lock goes with them.
        let limit = Duration.seconds(max(1, rooms.settings.drainSeconds))
        let pipelines = self.pipelines
        let ended = Task {
            await pipelines.value
            send.yield(true)
        }
        let late = Task {
            // Cancelled when the pipelines have ended, and then the answer is given.
            do { try await Task.sleep(for: limit) } catch { return }
            send.yield(false)
        }
        defer {
            ended.cancel()
            late.cancel()
        }
        var iterator = answers.makeAsyncIterator()
        return await iterator.next() ?? false
    }

    /// Takes no new requests, lets the running ones end for a bounded time, then closes every room.
    package func stop() async throws {
        readiness.set(false)
        for server in servers { server.startDraining() }
        // What these requests wait for comes when the pipelines stop, after the servers.
        rooms.pipelines.endWaits()
        // The first answers `/readyz`, so it stays until nothing drains any more.
        for server in servers.reversed() { await server.stop() }
        rooms.pipelines.stop()
        maintenance.cancel()
        upkeep.cancel()
        space.cancel()
        planning.cancel()
        guard await havePipelinesEnded() else {
            // What they use stays open below them: the process ends, and its end is as good as any crash.
            throw NodeError(
                .notDrained, "pipelines did not end in time: what they had not committed is done again",
                ["seconds": rooms.settings.drainSeconds])
        }
        await maintenance.value
        await rooms.catalog.deleteObsoleteFiles()
        await upkeep.value
        await space.value
        await planning.value
        try await rooms.close()
    }
}
