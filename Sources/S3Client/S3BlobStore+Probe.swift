import Blobs

extension S3BlobStore {
    /// Finds out whether the store can be trusted with writes that have conditions, by making some below `bucket`.
    ///
    /// - Errors: `BLB-305` when it decides a condition wrongly or does not know it; else what stands in the way.
    /// - Cost: six requests.
    package func probe(bucket: String) async throws {
        let path = BlobPath(bucket: bucket, key: "probe-" + newMark())
        do {
            let first = try await put(path, Array("1".utf8), if: .ifAbsent)
            try await expectRefusal("If-None-Match: *", path, .ifAbsent)
            try await expectRefusal("If-Match", path, .ifMatch(etag: String(repeating: "0", count: 32)))
            _ = try await put(path, Array("2".utf8), if: .ifMatch(etag: first.etag))
        } catch let error as BlobsError where error.code == .unavailable {
            try? await delete([path])
            throw error.isUnknownToStore ? Self.lacksConditions("conditional writes", error) : error
        }
        let found = try await read(path)
        guard found == Array("2".utf8) else {
            throw Self.lacksConditions("reading what was just written", nil)
        }
        try await delete([path])
    }

    private func expectRefusal(_ name: String, _ path: BlobPath, _ condition: PutCondition) async throws {
        do {
            _ = try await put(path, Array("0".utf8), if: condition)
        } catch let error as BlobsError where error.code == .conditionFailed {
            return
        }
        try await delete([path])
        throw Self.lacksConditions(name, nil)
    }

    private static func lacksConditions(_ what: String, _ cause: BlobsError?) -> BlobsError {
        BlobsError(
            .conditionsUnsupported, "the store does not decide conditional writes",
            ["missing": what], cause: cause,
            hint:
                "two writers would lose each other's work there; use a store that knows If-None-Match and If-Match"
        )
    }
}

extension BlobsError {
    /// The store answered that it has no such thing.
    fileprivate var isUnknownToStore: Bool {
        context.contains { $0.name == "status" && ["501", "400"].contains($0.value) }
    }
}
