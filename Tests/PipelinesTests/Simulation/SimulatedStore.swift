import Blobs

/// The machine's object store: what it acknowledged is durable; calls fail before or after their effect, deletes in between.
struct SimulatedStore: BlobStore {
    let machine: SimulatedMachine

    func head(_ path: BlobPath) async throws -> BlobInfo {
        try await attempt("head") { try await machine.objects.head(path) }
    }

    func open(_ path: BlobPath) async throws -> any BlobReader {
        try await attempt("open") { try await machine.objects.open(path) }
    }

    func put(_ path: BlobPath, _ bytes: [UInt8], if condition: PutCondition) async throws -> BlobInfo {
        try await attempt("put") { try await machine.objects.put(path, bytes, if: condition) }
    }

    func startUpload(_ path: BlobPath) async throws -> any BlobUpload {
        let upload = try await attempt("upload") { try await machine.objects.startUpload(path) }
        return Upload(store: self, inner: upload)
    }

    func publish(_ sealed: SealedBlob) async throws -> BlobInfo {
        try await attempt("publish") { try await machine.objects.publish(sealed) }
    }

    func discard(_ sealed: SealedBlob) async throws {
        try await attempt("discard") { try await machine.objects.discard(sealed) }
    }

    func discardSealed(except receipts: Set<String>) async throws {
        try await attempt("discard") { try await machine.objects.discardSealed(except: receipts) }
    }

    func delete(_ paths: [BlobPath]) async throws {
        for path in paths { try await attempt("delete") { try await machine.objects.delete([path]) } }
    }

    func list(bucket: String, prefix: String, after: String?, limit: Int) async throws -> BlobListing {
        try await attempt("list") {
            try await machine.objects.list(bucket: bucket, prefix: prefix, after: after, limit: limit)
        }
    }

    private func attempt<Result>(_ call: String, _ body: () async throws -> Result) async throws -> Result {
        await machine.executor.turn()
        switch machine.strike(call, perMille: \.store) {
        case .none: return try await body()
        case .before:
            throw BlobsError(machine.chance(3) ? .noSpace : .unavailable, "the store refuses", ["call": call])
        case .after:
            _ = try await body()
            let code: BlobsError.Code = machine.chance(2) ? .writeUnresolved : .unavailable
            throw BlobsError(code, "the store's answer is lost", ["call": call])
        }
    }

    private struct Upload: BlobUpload {
        let store: SimulatedStore
        let inner: any BlobUpload

        func append(_ bytes: [UInt8]) async throws {
            try await store.attempt("append") { try await inner.append(bytes) }
        }

        func complete(if condition: PutCondition) async throws -> BlobInfo {
            try await store.attempt("complete") { try await inner.complete(if: condition) }
        }

        func seal() async throws -> SealedBlob {
            try await store.attempt("seal") { try await inner.seal() }
        }

        func abort() async { await inner.abort() }
    }
}
