import JSONText

/// `firn bucket …`
enum BucketCommands {
    static let spec = CommandSpec(
        name: "bucket", summary: "buckets for objects",
        subcommands: [
            CommandSpec(
                name: "create", summary: "creates a bucket", positionals: [PositionalSpec(name: "NAME")],
                flags: Invocation.serverFlags
            ) { invocation in
                let name = invocation.arguments.positionals[0]
                let made = try await invocation.server().call("POST", "r2/buckets", ["name": .string(name)])
                if invocation.wantsJSON {
                    invocation.show(made)
                } else {
                    invocation.tell("created bucket \(name)")
                }
            },
            CommandSpec(name: "list", summary: "lists buckets", flags: Invocation.serverFlags) { invocation in
                let found = try await invocation.server().call("GET", "r2/buckets")
                invocation.show(found["buckets"]?.array ?? [], columns: ["name", "creation_date"])
            },
            CommandSpec(
                name: "get", summary: "shows one bucket", positionals: [PositionalSpec(name: "NAME")],
                flags: Invocation.serverFlags
            ) { invocation in
                let name = FirnServer.segment(invocation.arguments.positionals[0])
                invocation.show(try await invocation.server().call("GET", "r2/buckets/\(name)"))
            },
            CommandSpec(
                name: "delete", summary: "deletes an empty bucket",
                positionals: [PositionalSpec(name: "NAME")],
                flags: Invocation.serverFlags
            ) { invocation in
                let name = invocation.arguments.positionals[0]
                _ = try await invocation.server().call("DELETE", "r2/buckets/\(FirnServer.segment(name))")
                invocation.tell("deleted bucket \(name)")
            },
        ])
}
