import JSONText

/// `firn catalog …`
enum CatalogCommands {
    private static let bucket = [PositionalSpec(name: "BUCKET")]

    static let spec = CommandSpec(
        name: "catalog", summary: "Iceberg catalogs of buckets",
        subcommands: [
            CommandSpec(
                name: "enable", summary: "gives a bucket a catalog", positionals: bucket,
                flags: Invocation.serverFlags
            ) { invocation in
                let server = try invocation.server()
                let name = FirnServer.segment(invocation.arguments.positionals[0])
                let made = try await server.call("POST", "r2-catalog/\(name)/enable")
                if invocation.wantsJSON { return invocation.show(made) }
                invocation.tell("catalog enabled")
                invocation.tell("  warehouse  \(TableText.cell(made["name"]))")
                invocation.tell("  uri        \(server.url)/catalog")
            },
            CommandSpec(
                name: "get", summary: "shows a bucket's catalog", positionals: bucket,
                flags: Invocation.serverFlags
            ) { invocation in
                let name = FirnServer.segment(invocation.arguments.positionals[0])
                invocation.show(try await invocation.server().call("GET", "r2-catalog/\(name)"))
            },
            CommandSpec(
                name: "disable", summary: "switches a bucket's catalog off; tables stay", positionals: bucket,
                flags: Invocation.serverFlags
            ) { invocation in
                let name = invocation.arguments.positionals[0]
                _ = try await invocation.server().call(
                    "POST", "r2-catalog/\(FirnServer.segment(name))/disable")
                invocation.tell("catalog of \(name) disabled")
            },
            CommandSpec(name: "list", summary: "lists catalogs", flags: Invocation.serverFlags) {
                invocation in
                let found = try await invocation.server().call("GET", "r2-catalog")
                invocation.show(found["warehouses"]?.array ?? [], columns: ["name", "bucket", "status"])
            },
        ])
}
