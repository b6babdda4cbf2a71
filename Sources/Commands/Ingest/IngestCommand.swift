import Effects
import FileFormats
import JSONText
import Scheduling

/// `firn ingest STREAM FILE…`
enum IngestCommand {
    static let spec = CommandSpec(
        name: "ingest", summary: "sends the events of files to a stream",
        positionals: [PositionalSpec(name: "STREAM"), PositionalSpec(name: "FILE", isRepeated: true)],
        flags: [
            .value("format", "csv|ndjson|json", "instead of what the file's name says"),
            .values("null", "TEXT", "CSV fields with this text are null, as empty ones are"),
            .value("batch-events", "N", "events in one request (1000)"),
            .value("batch-bytes", "N", "bytes in one request (4194304)"),
            .value("concurrency", "N", "requests under way at a time (4)"),
            .value("load", "NAME", "sent again under the same name within a day, nothing is kept twice"),
            .value("patience", "SECONDS", "how long to wait for a server that is busy (300)"),
        ] + Invocation.serverFlags,
        notes: """
            CSV needs a head line; fields are typed by the stream's schema. A FILE of - is standard input.
            What is compressed with gzip or zstd is decompressed on the way.
            Each request is taken whole or not at all; the count at the end is what was acknowledged.
            A request whose answer is lost is sent again and kept once. A load that broke off can be sent again under
            its --load name, with the same files and batch sizes.
            """,
        run: run)

    @Sendable
    private static func run(_ invocation: Invocation) async throws {
        let stream = invocation.arguments.positionals[0]
        let paths = Array(invocation.arguments.positionals.dropFirst())
        let formats = try paths.map { try format(of: $0, invocation) }
        // All of them: the third file's absence should not show after two were sent.
        for path in paths { try ByteInput.check(path: path) }
        let server = try invocation.server()
        var limits = BatchLimits()
        limits.events = try invocation.integer("batch-events", in: 1...1_000_000) ?? limits.events
        limits.bytes = try invocation.integer("batch-bytes", in: 1...(1 << 30)) ?? limits.bytes
        let kinds = formats.contains(.csv) ? try await columnKinds(server, stream) : [:]
        let sizes = paths.map { ByteInput.size(path: $0) }
        let total = sizes.contains { $0 == nil } ? nil : sizes.reduce(0) { $0 + ($1 ?? 0) }
        let progress = IngestProgress(
            console: invocation.console, clock: LiveClock(),
            name: paths.count == 1 ? paths[0] : "\(paths.count) files",
            totalBytes: total, isQuiet: invocation.wantsJSON)
        let sender = EventSender(
            server: server, stream: stream, progress: progress,
            patienceSeconds: Double(try invocation.integer("patience", in: 0...86_400) ?? 300))
        let concurrency = try invocation.integer("concurrency", in: 1...256) ?? 4
        let nulls = invocation.values("null")
        let load = try loadName(invocation)
        do {
            for (index, (path, format)) in zip(paths, formats).enumerated() {
                let reader = try reader(path, format, nulls: nulls, kinds)
                try await sender.send(
                    reader, source: "\(load)/\(index)", limits, concurrency: concurrency)
            }
        } catch {
            progress.end()
            if progress.accepted > 0 {
                let count = NumberText.counted(progress.accepted, "event")
                let verb = progress.accepted == 1 ? "was" : "were"
                invocation.console.remark("firn: \(count) \(verb) accepted before this failure")
            }
            throw error
        }
        progress.end()
        show(progress, invocation)
    }

    /// The first part of every request's key; random when the user gives none.
    private static func loadName(_ invocation: Invocation) throws(CommandError) -> String {
        guard let name = invocation["load"] else {
            return UniqueID.random(from: LiveRandomness()).hexDigits
        }
        guard (1...200).contains(name.utf8.count), name.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw CommandError(
                .usage, "a load's name has 1 to 200 visible ASCII characters", ["load": name])
        }
        return name
    }

    private static func show(_ progress: IngestProgress, _ invocation: Invocation) {
        if invocation.wantsJSON {
            invocation.show([
                "accepted": .integer(Int64(progress.accepted)),
                "requests": .integer(Int64(progress.requests)),
                "retries": .integer(Int64(progress.retries)), "seconds": JSONValue(progress.seconds),
            ])
        } else {
            let rate = Int(Double(progress.accepted) / progress.seconds)
            invocation.tell(
                "\(NumberText.counted(progress.accepted, "event")) accepted in "
                    + "\(NumberText.duration(seconds: progress.seconds)), \(NumberText.counted(rate, "event"))/s"
            )
        }
    }

    /// - Errors: `CLI-101` when neither the flag nor the name tells.
    private static func format(of path: String, _ invocation: Invocation) throws(CommandError) -> EventFormat
    {
        let names = EventFormat.allCases.map(\.rawValue).joined(separator: ", ")
        if let text = invocation["format"] {
            guard let format = EventFormat(rawValue: text) else {
                throw CommandError(.usage, "no such format", ["format": text], hint: "formats are \(names)")
            }
            return format
        }
        guard let format = EventFormat(path: path) else {
            throw CommandError(
                .usage, "the file's name does not tell its format", ["file": path],
                hint: "pass --format: \(names)")
        }
        return format
    }

    /// By column name; empty for a stream without a schema.
    private static func columnKinds(_ server: FirnServer, _ stream: String) async throws -> [String: CSVReader
        .Kind]
    {
        let definition = try await server.call("GET", "pipelines/v1/streams/\(FirnServer.segment(stream))")
        var kinds: [String: CSVReader.Kind] = [:]
        for field in definition["schema"]?["fields"]?.array ?? [] {
            guard let name = field["name"]?.string, let type = field["type"]?.string else { continue }
            kinds[name] = CSVValue.kind(ofType: type)
        }
        return kinds
    }

    private static func reader(
        _ path: String, _ format: EventFormat, nulls: [String], _ kinds: [String: CSVReader.Kind]
    ) throws(CommandError) -> sending any EventReader {
        let input = try ByteInput(path: path)
        switch format {
        case .ndjson: return LineReader(input)
        case .json: return JSONElementReader(input)
        case .csv: return CSVReader(input, nulls: nulls) { kinds[$0] ?? .inferred }
        }
    }
}
