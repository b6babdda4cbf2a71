import JSONText
import Node
import Scheduling

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
                invocation.show(
                    try await invocation.server().list("r2/buckets", member: "buckets"),
                    columns: ["name", "creation_date"])
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
            CommandSpec(
                name: "rebuild", summary: "makes the index of a damaged store anew, with the server stopped",
                flags: [
                    .value("data", "DIR", "data directory", variable: "FIRN_DATA"),
                    .toggle("json", "prints JSON"),
                ],
                notes: """
                    For a store that does not open any more: the index is made of the newest readable checkpoint, every whole
                    part of the journal, and what stands behind the bytes of large objects. Where something was lost, objects
                    that had been deleted may come back.
                    """
            ) { invocation in
                let path = try invocation.required("data")
                let pool = IOPool(name: "rebuild", threads: 1)
                defer { pool.stop() }
                invocation.show(try await pool.run { try OfflineStore.rebuild(dataDirectory: path) })
            },
        ])
}
