import JSONText

/// `firn cluster`
enum ClusterCommand {
    static let spec = CommandSpec(
        name: "cluster", summary: "shows the nodes that make up the server", flags: Invocation.serverFlags
    ) { invocation in
        let found = try await invocation.server().call("GET", "firn/cluster")
        if invocation.wantsJSON { return invocation.show(found) }
        invocation.show(
            found["nodes"]?.array ?? [],
            columns: ["id", "roles", "state", "version", "http", "s3", "started_at"])
    }
}
