/// The cores and the memory that this process may use: the machine's, or less in a container.
///
/// Reads what the kernel shows as text: control groups of version 2 (`memory.max`, `cpu.max`; cgroup-v2.rst of the Linux
/// documentation) and of version 1 (`memory.limit_in_bytes`, `cpu.cfs_quota_us`), and the CPUs of proc(5)'s `status`.
struct MachineLimits: Equatable {
    var cores: Int
    var memoryBytes: Int

    /// - Parameters:
    ///   - cores, memoryBytes: What the machine has.
    ///   - read: The text of a file of the system; nil when there is none.
    init(cores: Int, memoryBytes: Int, read: @escaping (String) -> String?) {
        let files = LimitFiles(read: read)
        self.cores = max(1, [cores, files.allowedCPUs, files.cpuQuota].compactMap { $0 }.min() ?? cores)
        self.memoryBytes = max(1 << 27, min(memoryBytes, files.memory ?? memoryBytes))
    }
}

private struct LimitFiles {
    let read: (String) -> String?
    private let groups: [Group]

    /// A line of `/proc/self/cgroup`: `number:controllers:path`.
    private struct Group {
        var controllers: [Substring]
        /// Where its files may be: at its own path, at those above it, and, seen from inside a container, at the top.
        var paths: [String]
    }

    init(read: @escaping (String) -> String?) {
        self.read = read
        groups = (read("/proc/self/cgroup") ?? "").split(separator: "\n").compactMap { line in
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { return nil }
            let steps = parts[2].split(separator: "/")
            return Group(
                controllers: parts[1].split(separator: ","),
                paths: (0...steps.count).map { steps.prefix($0).map { "/" + $0 }.joined() })
        }
    }

    var memory: Int? {
        let second = numbers("memory.max", in: nil)
        let first = numbers("memory.limit_in_bytes", in: "memory")
        return (second + first).compactMap { $0.first }.filter { $0 > 0 }.min()
    }

    /// Whole cores, rounded up: half a core is one that is often stopped.
    var cpuQuota: Int? {
        let second = numbers("cpu.max", in: nil)
        let first = zip(numbers("cpu.cfs_quota_us", in: "cpu"), numbers("cpu.cfs_period_us", in: "cpu"))
            .map { $0 + $1 }
        return (second + first).compactMap { pair in
            guard pair.count == 2, pair[0] > 0, pair[1] > 0 else { return nil }
            return max(1, (pair[0] - 1) / pair[1] + 1)
        }.min()
    }

    /// `Cpus_allowed_list: 0-3,8`
    var allowedCPUs: Int? {
        let line = (read("/proc/self/status") ?? "").split(separator: "\n").first {
            $0.hasPrefix("Cpus_allowed_list:")
        }
        guard let list = line?.split(whereSeparator: { $0 == ":" || $0 == "\t" || $0 == " " }).last else {
            return nil
        }
        var count = 0
        for range in list.split(separator: ",") {
            let ends = range.split(separator: "-").map { Int($0) }
            guard let first = ends[0], let last = ends[ends.count - 1], last >= first else { return nil }
            count += last - first + 1
        }
        return count
    }

    /// The numbers in each file of this name on the way to the process' group; `max` and what is no number left out.
    private func numbers(_ file: String, in controller: String?) -> [[Int]] {
        let root = "/sys/fs/cgroup" + (controller.map { "/" + $0 } ?? "")
        let group = groups.first { group in
            controller.map { group.controllers.contains($0[...]) } ?? group.controllers.isEmpty
        }
        return (group?.paths ?? []).compactMap { read("\(root)\($0)/\(file)") }
            .map { $0.split(whereSeparator: \.isWhitespace).compactMap { Int($0) } }
    }
}
