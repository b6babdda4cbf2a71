/// Streams and their settings; the events themselves are in the log, not here.
enum StreamTables {
    static let version1: [String] = []
}
