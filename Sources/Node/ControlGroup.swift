import Foundation

/// How much memory the container or service manager lets the process have.
///
///     9:…                        0::/system.slice/firn.service
///     4:memory:/docker/0fa3…     the limit is the smallest on the way to the root
///
/// Source: cgroups(7); Linux kernel documentation, "Control Group v2", memory.max; "Memory Resource Controller" for v1.
struct ControlGroup {
    var root = "/sys/fs/cgroup"
    var membership = "/proc/self/cgroup"

    /// Nil where nothing limits it.
    var memoryLimitBytes: Int? {
        guard let lines = text(membership)?.split(separator: "\n") else { return nil }
        let limits = lines.flatMap { line -> [Int] in
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { return [] }
            if parts[0] == "0" { return limits(below: root, parts[2], file: "memory.max") }
            guard parts[1].split(separator: ",").contains("memory") else { return [] }
            return limits(below: root + "/memory", parts[2], file: "memory.limit_in_bytes")
        }
        return limits.min()
    }

    /// Of the group and those around it. In a container with a view of its own the path may not exist there, and the
    /// root is the container's group.
    private func limits(below root: String, _ path: Substring, file: String) -> [Int] {
        var names = path.split(separator: "/")
        var found: [Int] = []
        while true {
            let folder = names.isEmpty ? root : root + "/" + names.joined(separator: "/")
            // A group without a limit says `max`, or has no such file.
            if let limit = text("\(folder)/\(file)").flatMap({ Int($0.filter { !$0.isWhitespace }) }) {
                found.append(limit)
            }
            if names.popLast() == nil { return found }
        }
    }

    private func text(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }
}
