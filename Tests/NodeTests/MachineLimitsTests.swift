import Testing

@testable import Node

@Suite("What a container leaves of the machine")
struct MachineLimitsTests {
    private let gibibyte = 1 << 30

    private func limits(_ files: [String: String]) -> MachineLimits {
        MachineLimits(cores: 16, memoryBytes: 64 * gibibyte) { files[$0] }
    }

    @Test("without a word of limits the machine's own count")
    func bare() {
        #expect(limits([:]) == limits(["/proc/self/cgroup": "garbage\n0::/\n"]))
        #expect(limits([:]).cores == 16 && limits([:]).memoryBytes == 64 * gibibyte)
    }

    @Test("version 2: the narrowest group on the way counts, and parts of a core are a whole one")
    func second() {
        let found = limits([
            "/proc/self/cgroup": "0::/kubepods/pod7\n",
            "/sys/fs/cgroup/kubepods/memory.max": "4294967296\n",
            "/sys/fs/cgroup/kubepods/pod7/memory.max": "max\n",
            "/sys/fs/cgroup/kubepods/cpu.max": "max 100000\n",
            "/sys/fs/cgroup/kubepods/pod7/cpu.max": "250000 100000\n",
        ])
        #expect(found.memoryBytes == 4 * gibibyte)
        #expect(found.cores == 3)
    }

    @Test("version 1, as seen from inside a container, where the path is the host's")
    func first() {
        let found = limits([
            "/proc/self/cgroup": "5:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n0::/\n",
            "/sys/fs/cgroup/memory/memory.limit_in_bytes": "2147483648\n",
            "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "100000\n",
            "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
        ])
        #expect(found.memoryBytes == 2 * gibibyte)
        #expect(found.cores == 1)
        let unlimited = limits([
            "/proc/self/cgroup": "5:memory:/\n3:cpu:/\n",
            "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
            "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
            "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
        ])
        #expect(unlimited == limits([:]))
    }

    @Test(
        "CPUs the process may not run on do not count",
        arguments: [("0-1", 2), ("3", 1), ("0-3,8,10-11", 7), ("0-31", 16), ("", 16), ("x", 16)])
    func allowed(list: String, cores: Int) {
        let status = "Name:\tfirn\nCpus_allowed:\tff\nCpus_allowed_list:\t\(list)\nMems_allowed:\t1\n"
        #expect(limits(["/proc/self/status": status]).cores == cores)
    }
}
