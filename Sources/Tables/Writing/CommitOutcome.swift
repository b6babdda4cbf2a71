package import Blobs
import Faults
package import Iceberg

/// What became of a commit, as far as its writer knows; decides what may be deleted.
package enum CommitOutcome: Sendable, Hashable {
    case committed
    /// Surely not: the files are nobody's.
    case rejected
    /// Perhaps: a deleted file could be the table's. Everything stays; what is nobody's is an orphan for maintenance.
    case unknown

    /// Reads an error of a commit.
    package init(of error: any Error) {
        guard let fault = error as? any Fault else {
            self = .unknown
            return
        }
        switch fault.kind {
        case .invalidRequest, .unauthenticated, .denied, .notFound, .conflict, .unsupported: self = .rejected
        case .exhausted, .unavailable, .outcomeUnknown, .cancelled, .corruptData, .bug: self = .unknown
        }
    }
}

extension CommitOutcome {
    /// Reads an error of a catalog in this process, which says so when it does not know and has done nothing otherwise.
    package init(ofCatalog error: any Error) {
        self = (error as? any Fault)?.kind == .outcomeUnknown ? .unknown : .rejected
    }
}

/// Files that nothing refers to.
package enum Litter {
    /// Deletes them where it can. A failure leaves orphans, which maintenance finds: nothing else depends on it, so
    /// `onFailure` is told and nobody else.
    package static func discard(
        _ paths: [String], store: any BlobStore, onFailure: (any Error) -> Void = { _ in }
    ) async {
        let blobs = paths.compactMap { BlobPath(uri: $0) }
        if blobs.isEmpty { return }
        do { try await store.delete(blobs) } catch { onFailure(error) }
    }
}

extension ProducedSnapshot {
    /// Deletes manifests, manifest list and `dataFiles` when the commit surely did not happen.
    package func cleanUp(
        after outcome: CommitOutcome, dataFiles: [DataFile], store: any BlobStore,
        onFailure: (any Error) -> Void = { _ in }
    ) async {
        guard outcome == .rejected else { return }
        await Litter.discard(writtenPaths + dataFiles.map(\.path), store: store, onFailure: onFailure)
    }
}
