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
            .value("concurrency", "N", "requests under way at a time, at most 64 (4)"),
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
        // All of them: the third file's absence should not show after two were sent. A file that is not there has no format.
        for path in paths { try ByteInput.check(path: path) }
        let formats = try paths.map { try format(of: $0, invocation) }
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
        let load = IngestLoad(name: try loadName(invocation))
        let sender = EventSender(
            server: server, stream: stream, load: load, progress: progress,
            patienceSeconds: Double(try invocation.integer("patience", in: 0...86_400) ?? 300))
        let concurrency = try invocation.integer("concurrency", in: 1...IngestLoad.laneCount) ?? 4
        let nulls = invocation.values("null")
        do {
            for (path, format) in zip(paths, formats) {
                let reader = try reader(path, format, nulls: nulls, kinds)
                try await sender.send(reader, file: path, limits, concurrency: concurrency)
            }
            try load.checkEnd()
        } catch {
            progress.end()
            tellMisfits(progress, invocation)
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

    /// The first part of every producer's name; random when the user gives none.
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
                "accepted": JSONValue(progress.accepted), "rejected": JSONValue(progress.rejected),
                "misfits": .array(progress.misfits.map(\.json)), "repeated": JSONValue(progress.repeated),
                "requests": .integer(Int64(progress.requests)),
                "retries": .integer(Int64(progress.retries)), "seconds": JSONValue(progress.seconds),
            ])
        } else {
            tellMisfits(progress, invocation)
            let rate = Int(Double(progress.accepted) / progress.seconds)
            var counts = "\(NumberText.counted(progress.accepted, "event")) accepted"
            if progress.rejected > 0 { counts += ", \(NumberText.grouped(progress.rejected)) rejected" }
            if progress.repeated > 0 {
                counts += " (\(NumberText.grouped(progress.repeated)) were kept before)"
            }
            invocation.tell(
                "\(counts) in \(NumberText.duration(seconds: progress.seconds)), "
                    + "\(NumberText.counted(rate, "event"))/s")
        }
    }

    /// Rejected events are kept, so they are no failure: they land in the stream's table of rejects.
    private static func tellMisfits(_ progress: IngestProgress, _ invocation: Invocation) {
        let misfits = progress.misfits
        for misfit in misfits { invocation.console.remark("firn: rejected: \(misfit)") }
        if progress.rejected > misfits.count, !misfits.isEmpty {
            invocation.console.remark(
                "firn: and \(NumberText.grouped(progress.rejected - misfits.count)) more")
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
    private static func columnKinds(
        _ server: FirnServer, _ stream: String
    ) async throws -> [MemberName: CSVReader.Kind] {
        let definition = try await server.call("GET", "pipelines/v1/streams/\(FirnServer.segment(stream))")
        var kinds: [MemberName: CSVReader.Kind] = [:]
        for field in definition["schema"]?["fields"]?.array ?? [] {
            guard let name = field["name"]?.string, let type = field["type"]?.string else { continue }
            kinds[MemberName(name)] = CSVValue.kind(ofType: type)
        }
        return kinds
    }

    private static func reader(
        _ path: String, _ format: EventFormat, nulls: [String], _ kinds: [MemberName: CSVReader.Kind]
    ) throws(CommandError) -> sending any EventReader {
        let input = try ByteInput(path: path)
        switch format {
        case .ndjson: return LineReader(input)
        case .json: return JSONElementReader(input)
        case .csv: return CSVReader(input, nulls: nulls, kinds: kinds)
        }
    }
}
