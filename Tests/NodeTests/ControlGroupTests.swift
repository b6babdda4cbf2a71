import Foundation
import TestKit
import Testing

@testable import Node

@Suite struct ControlGroupTests {
    private static func limit(_ membership: String, _ files: [String: String]) throws -> Int? {
        let directory = try TemporaryDirectory()
        for (name, text) in files.merging(["self": membership], uniquingKeysWith: { first, _ in first }) {
            let path = "\(directory.path)/\(name)"
            try FileManager.default.createDirectory(
                atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        }
        return ControlGroup(root: directory.path, membership: directory.path + "/self").memoryLimitBytes
    }

    @Test func theSmallestLimitAroundTheProcessCounts() throws {
        let services = [
            "system.slice/memory.max": "max\n", "system.slice/firn.service/memory.max": "1073741824\n",
        ]
        #expect(try Self.limit("0::/system.slice/firn.service\n", services) == 1 << 30)
        #expect(try Self.limit("0::/system.slice/other.service\n", services) == nil)
        let outer = ["a/memory.max": "500\n", "a/b/memory.max": "max\n", "a/b/c/memory.max": "700\n"]
        #expect(try Self.limit("0::/a/b/c\n", outer) == 500)
        // A container that sees only its own group, and one of the first version.
        #expect(try Self.limit("0::/\n", ["memory.max": "268435456\n"]) == 1 << 28)
        #expect(try Self.limit("0::/../deep\n", ["memory.max": "77\n"]) == 77)
        let first = [
            "memory/memory.limit_in_bytes": "9223372036854771712\n", "memory/x/memory.limit_in_bytes": "99\n",
        ]
        #expect(try Self.limit("5:cpu,memory:/x\n1:pids:/\n", first) == 99)
        #expect(try Self.limit("", [:]) == nil)
        #expect(ControlGroup(membership: "/does/not/exist").memoryLimitBytes == nil)
    }
}
