import Streams

/// The planted bug that proves what `RecordTrial` does.
enum PoisonRecord {
    static let marker = "end-the-process"

    static func endProcess(in records: [LogRecord]) {
        for record in records where String(decoding: record.append.body, as: UTF8.self).contains(marker) {
            fatalError("a record that ends the process was planted")
        }
    }
}
