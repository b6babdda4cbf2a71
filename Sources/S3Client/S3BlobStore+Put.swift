package import Blobs
import Effects
import Faults
import JSONText
import Octets
import Scheduling
import Telemetry

extension S3BlobStore {
    /// Objects of more than a few parts go up in parts; smaller ones in one request.
    package func put(
        _ path: BlobPath, _ bytes: [UInt8], if condition: PutCondition
    ) async throws -> BlobInfo {
        guard bytes.count <= limits.partBytes * limits.partsAtOnce else {
            let upload = try await startUpload(path)
            do { try await upload.append(bytes) } catch {
                await upload.abort()
                throw error
            }
            return try await upload.complete(if: condition)
        }
        let mark = newMark()
        let request = S3Request(
            operation: "PutObject", method: "PUT", key: try key(path),
            headers: [
                ("content-type", "application/octet-stream"), (Self.markHeader, mark),
                ("x-amz-checksum-crc32c", S3Text.checksum(try await checksum(bytes))),
            ] + Self.headers(of: condition), body: bytes, answerLimit: limits.answerBytes)
        return try await write(request, to: path, mark: mark) { answer in
            guard let etag = answer.header("etag") else {
                throw self.malformed(request, "an etag is missing")
            }
            return BlobInfo(
                size: Int64(bytes.count), etag: S3Text.etag(etag), modified: self.time(of: answer))
        }
    }

    /// Makes a request that writes an object, and finds out what became of it.
    ///
    /// - Errors: `BLB-103` and `BLB-101` when the condition did not hold and nothing was written, `BLB-303` when nobody
    ///   knows, `BLB-302` when nothing was written.
    func write(
        _ request: S3Request, to path: BlobPath, mark: String, done: (S3Answer) throws -> BlobInfo
    ) async throws -> BlobInfo {
        let reply: S3Reply
        do {
            reply = try await caller.call(request)
        } catch let error as S3NoReply {
            guard error.mayHaveHappened else { throw error.fault }
            return try await resolve(path, mark, mayHaveHappened: true, otherwise: error.fault)
        }
        if reply.answer.status == 200 { return try done(reply.answer) }
        let fault = fault(reply.answer, request)
        // A condition that does not hold is looked into after one try too: something between the store and us may have
        // made two requests of it.
        guard fault.code == .conditionFailed || reply.mayHaveHappenedBefore else { throw fault }
        return try await resolve(
            path, mark, mayHaveHappened: reply.mayHaveHappenedBefore, otherwise: fault)
    }

    /// Looks whether the object is the one that was to be written.
    private func resolve(
        _ path: BlobPath, _ mark: String, mayHaveHappened: Bool, otherwise fault: BlobsError
    ) async throws -> BlobInfo {
        let meters = caller.effects.meters
        var present: String?
        do {
            let found = try await headObject(path)
            if found.mark == mark {
                meters.resolvedDone.add()
                return found.info
            }
            present = found.info.etag
        } catch let error as BlobsError where error.code == .notFound {
        } catch let error as BlobsError where !mayHaveHappened {
            caller.effects.log.debug("a look at the store failed", ["reason": .string("\(error)")])
        } catch let error as BlobsError {
            meters.unresolved.add()
            throw Self.unresolved(path, present: nil, cause: error)
        }
        guard mayHaveHappened else {
            meters.resolvedLost.add()
            throw fault
        }
        // Another's object, or none: ours was there before it, comes after it, or never was.
        meters.unresolved.add()
        throw Self.unresolved(path, present: present, cause: fault)
    }

    private static func unresolved(_ path: BlobPath, present: String?, cause: BlobsError) -> BlobsError {
        BlobsError(
            .writeUnresolved, "the store does not say whether the object was written",
            ["path": path, "present": present ?? "none", "reason": cause.message], cause: cause)
    }

    func newMark() -> String { Hex.encode(caller.effects.randomness.bytes(16)) }

    static func headers(of condition: PutCondition) -> [(name: String, value: String)] {
        switch condition {
        case .always: []
        case .ifAbsent: [("if-none-match", "*")]
        case .ifMatch(let etag): [("if-match", etag == "*" ? etag : S3Text.quoted(etag))]
        }
    }

    /// The store's own time, or ours.
    func time(of answer: S3Answer) -> Instant {
        answer.header("date").flatMap { HTTPDate.parse($0) } ?? caller.effects.clock.now
    }

    func checksum(_ bytes: [UInt8]) async throws -> UInt32 {
        guard bytes.count > limits.hashedHereBytes else { return CRC32C.checksum(bytes.span) }
        return try await caller.effects.pool.run { CRC32C.checksum(bytes.span) }
    }
}
