import Iceberg

extension TableMetadata {
    /// A file numbered above the table's last commit is later than commits to come: rows that somebody adds would be
    /// deleted by it already.
    ///
    /// - Errors: `TAB-102`.
    func requireKnown(_ sequenceNumber: Int64, of file: DataFile) throws(TablesError) {
        guard sequenceNumber > lastSequenceNumber else { return }
        throw TablesError(
            .manifestUnreadable, "a file has a sequence number that the table has not reached",
            ["path": file.path, "sequence-number": sequenceNumber, "last": lastSequenceNumber])
    }
}
