import Faults
import Foundation
import JSONText
import Telemetry
import TestKit
import Testing

@testable import Node

@Suite("Node")
struct NodeServerTests {
    private func settings(_ directory: TemporaryDirectory) -> NodeSettings {
        var settings = NodeSettings(dataDirectory: directory.path + "/data")
        settings.listen.port = 0
        settings.s3Listen.port = 0
        // There is nothing to wait for but a thread, which may be long in coming on a machine with much to do.
        settings.drainSeconds = 120
        return settings
    }

    @Test("a node starts on an empty directory, stops, and starts again on what it left")
    func startsTwice() async throws {
        let directory = try TemporaryDirectory()
        for _ in 0..<2 {
            let node = try await NodeServer(settings: settings(directory), log: .silent).start()
            let line = try JSONParser.parse(node.readyLine)
            #expect(line["event"] == "ready")
            #expect(line["http"]?.string?.hasPrefix("http://127.0.0.1:") == true)
            #expect(line["s3"]?.string?.hasPrefix("http://127.0.0.1:") == true)
            try await node.stop()
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path + "/data").sorted()
        for name in ["admin-token", "key", "lock", "metastore.db", "node", "objects", "version.json"] {
            #expect(names.contains(name), "\(names)")
        }
    }

    @Test("a second node on the same directory or port is refused, and leaves the first alone")
    func refusals() async throws {
        let directory = try TemporaryDirectory()
        let node = try await NodeServer(settings: settings(directory), log: .silent).start()
        await #expect {
            try await NodeServer(settings: settings(directory), log: .silent).start()
        } throws: { ($0 as? NodeError)?.code == .directoryInUse }
        let other = try TemporaryDirectory()
        var taken = settings(other)
        let port = node.addresses["http"]?.string?.split(separator: ":").last.flatMap { Int($0) }
        taken.listen.port = try #require(port)
        await #expect {
            try await NodeServer(settings: taken, log: .silent).start()
        } throws: { ("\($0)").contains("in use") && ("\($0)").contains("\(taken.listen.port)") }
        #expect(!FileManager.default.fileExists(atPath: other.path + "/data"))
        // Each is free, both together are not.
        var twice = settings(other)
        taken.listen.port = 0
        let free = try await NodeServer(settings: taken, log: .silent).start()
        let freed = free.addresses["http"]?.string?.split(separator: ":").last.flatMap { Int($0) }
        try await free.stop()
        twice.listen.port = try #require(freed)
        twice.s3Listen.port = twice.listen.port
        twice.dataDirectory = other.path + "/twice"
        await #expect {
            try await NodeServer(settings: twice, log: .silent).start()
        } throws: { "\($0)".contains("in use") }
        #expect(!FileManager.default.fileExists(atPath: other.path + "/twice"))
        try await node.stop()
    }

    @Test("a wrong fault point is told with the right ones")
    func faultPoint() async throws {
        var wrong = settings(try TemporaryDirectory())
        wrong.faultPoint = "no.such.point"
        await #expect {
            try await NodeServer(settings: wrong, log: .silent).start()
        } throws: { ($0 as? NodeError)?.message.contains("log.group.partial") == true }
    }
}
