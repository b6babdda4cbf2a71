import Streams

extension StreamLog {
    /// The number of the first record for which `isBehind` holds, as it does for all later ones; the end where there is
    /// none. Requests are received in the order of their numbers, but for a clock that jumps.
    ///
    /// - Cost: by halves, a record read each.
    func firstRecord(where isBehind: (LogRecord) -> Bool) async throws -> Int64 {
        var low = status.oldest.record
        var high = status.end.record
        while low < high {
            let middle = low + (high - low) / 2
            let slice = try await read(from: LogOffset(record: middle), maxBytes: 1)
            guard let record = slice.records.first else { return middle }
            if isBehind(record) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
