import JSONText

/// `firn table …`
enum TableCommands {
    static let spec = CommandSpec(
        name: "table", summary: "tables of a catalog",
        subcommands: [
            CommandSpec(
                name: "check",
                summary: "holds a table's metadata, manifests and data against each other;"
                    + " without a table, lists files of none",
                positionals: [
                    PositionalSpec(name: "BUCKET"), PositionalSpec(name: "NAMESPACE.TABLE", isOptional: true),
                ],
                flags: Invocation.serverFlags + [
                    .toggle(
                        "data", "reads every row as well, to check bounds, counts, partitions and deletes")
                ], run: check)
        ])

    private static func check(_ invocation: Invocation) async throws {
        let positionals = invocation.arguments.positionals
        let bucket = FirnServer.segment(positionals[0])
        guard positionals.count > 1 else {
            if invocation.isOn("data") { throw CommandError(.usage, "--data needs a table") }
            return showStrays(
                try await invocation.server().call("GET", "firn/tables/\(bucket)/check"), invocation)
        }
        let table = FirnServer.segment(positionals[1])
        let data = invocation.isOn("data") ? "?data=true" : ""
        let report = try await invocation.server().call(
            "GET", "firn/tables/\(bucket)/\(table)/check\(data)")
        show(report, invocation)
        guard report["clean"]?.boolean == true else {
            throw CommandError(
                .refused, "the table is damaged",
                ["problems": TableText.cell(report["problem_count"])])
        }
    }

    private static func showStrays(_ report: JSONValue, _ invocation: Invocation) {
        if invocation.wantsJSON { return invocation.show(report) }
        for stray in report["strays"]?.array ?? [] { invocation.tell("stray  \(TableText.cell(stray))") }
        invocation.tell(
            "checked \(TableText.cell(report["checked"]?["objects"])) objects: "
                + "\(TableText.cell(report["stray_count"])) strays")
    }

    private static func show(_ report: JSONValue, _ invocation: Invocation) {
        if invocation.wantsJSON { return invocation.show(report) }
        for problem in report["problems"]?.array ?? [] {
            invocation.tell(
                "\(TableText.cell(problem["kind"]))  \(TableText.cell(problem["path"]))\n"
                    + "    \(TableText.cell(problem["text"]))")
        }
        for orphan in report["orphans"]?.array ?? [] { invocation.tell("orphan  \(TableText.cell(orphan))") }
        let checked = report["checked"]
        invocation.tell(
            "checked \(TableText.cell(checked?["snapshots"])) snapshots, "
                + "\(TableText.cell(checked?["manifests"])) manifests, \(TableText.cell(checked?["files"])) files, "
                + "\(TableText.cell(checked?["rows"])) rows: \(TableText.cell(report["problem_count"])) problems, "
                + "\(TableText.cell(report["orphan_count"])) orphans")
    }
}
