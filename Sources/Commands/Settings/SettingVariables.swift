/// The environment's `FIRN_…`: one that nobody reads is a setting that would silently not hold.
enum SettingVariables {
    /// Settings aside: the file's path, what the client's commands take, and the bugs that tests plant.
    private static let others = ["FIRN_CONFIG", "FIRN_URL", "FIRN_TOKEN", "FIRN_PLANT"]

    private static let known = Set(SettingSpec.all.compactMap(\.flag.variable) + others)

    /// - Errors: `CLI-101`.
    static func check(_ environment: [String: String]) throws(CommandError) {
        for (name, value) in environment.sorted(by: { $0.key < $1.key })
        where name.hasPrefix("FIRN_") && !known.contains(name) && !isOfService(name, value) {
            throw CommandError(
                .usage, "no setting has this variable", ["variable": name],
                hint: Suggestion.nearest(name, known.sorted()).map { "did you mean \($0)?" }
                    ?? "`firn serve --help` lists the settings; the variable of --listen is FIRN_LISTEN")
        }
    }

    /// What Kubernetes tells every container of a service whose name begins with "firn".
    ///
    ///     FIRN_SERVICE_HOST=10.0.0.1      FIRN_S3_PORT=tcp://10.0.0.1:9000
    ///     FIRN_SERVICE_PORT_HTTP=8787     FIRN_PORT_8787_TCP_ADDR=10.0.0.1
    ///
    /// Source: Kubernetes documentation, "Service", environment variables.
    private static func isOfService(_ name: String, _ value: String) -> Bool {
        if name.contains("_SERVICE_HOST") || name.contains("_SERVICE_PORT") { return true }
        if name.hasSuffix("_PORT") { return value.contains("://") }
        return name.contains(/_PORT_[0-9]+_(TCP|UDP|SCTP)/)
    }
}
