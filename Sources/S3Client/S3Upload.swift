package import Blobs
import JSONText
import Synchronization
import Telemetry
import XMLText

extension S3BlobStore {
    package func startUpload(_ path: BlobPath) async throws -> any BlobUpload {
        S3Upload(store: self, path: path, key: try key(path))
    }
}

/// Receives an object of any size: few bytes go up in one request at the end, many in equal parts, some at a time.
///
/// - Threads: one caller at a time, as for `BlobUpload`.
final class S3Upload: BlobUpload {
    private struct State {
        var buffer: [UInt8] = []
        var size: Int64 = 0
        /// Nil until the first part goes up.
        var uploadID: String?
        /// ETags of the parts, from number 1 on.
        var etags: [String] = []
        var isEnded = false
    }

    private let store: S3BlobStore
    private let path: BlobPath
    private let key: String
    private let mark: String
    private let state = Mutex(State())
    private var limits: S3Limits { store.limits }

    init(store: S3BlobStore, path: BlobPath, key: String) {
        self.store = store
        self.path = path
        self.key = key
        mark = store.newMark()
    }

    func append(_ bytes: [UInt8]) async throws {
        let group = limits.partBytes * limits.partsAtOnce
        var rest = bytes[...]
        while !rest.isEmpty {
            let full = state.withLock { state -> [UInt8]? in
                precondition(!state.isEnded, "an upload that has ended takes no bytes")
                let taken = rest.prefix(group - state.buffer.count)
                state.buffer += taken
                state.size += Int64(taken.count)
                rest = rest.dropFirst(taken.count)
                guard state.buffer.count == group else { return nil }
                defer { state.buffer = [] }
                return state.buffer
            }
            if let full { try await send(full) }
        }
    }

    func complete(if condition: PutCondition) async throws -> BlobInfo {
        let (rest, isSmall, size) = state.withLock { state in
            precondition(!state.isEnded, "an upload ends once")
            return (state.buffer, state.uploadID == nil, state.size)
        }
        guard !isSmall else {
            state.withLock { $0.isEnded = true }
            return try await store.put(path, rest, if: condition)
        }
        do {
            if !rest.isEmpty { try await send(rest) }
            let info = try await completeParts(condition)
            state.withLock { $0.isEnded = true }
            guard info.size == size else {
                throw BlobsError(
                    .corrupt, "the store made an object of another size than was sent",
                    ["path": path, "sent": size, "found": info.size])
            }
            return info
        } catch {
            await abort()
            throw error
        }
    }

    /// Everything goes up in parts, however little it is: the store shows an upload of parts only when it is completed.
    func seal() async throws -> SealedBlob {
        let (rest, size) = state.withLock { state in
            precondition(!state.isEnded, "an upload ends once")
            return (state.buffer, state.size)
        }
        do {
            if !rest.isEmpty || size == 0 { try await send(rest) }
        } catch {
            await abort()
            throw error
        }
        return state.withLock { state in
            state.isEnded = true
            state.buffer = []
            let receipt = S3Receipt(uploadID: state.uploadID ?? "", etags: state.etags)
            return SealedBlob(path: path, size: size, mark: mark, receipt: receipt.text)
        }
    }

    /// What cannot be aborted now is aborted by age; see `S3BlobStore.abortOldUploads`.
    func abort() async {
        let id = state.withLock { state -> String? in
            guard !state.isEnded else { return nil }
            state.isEnded = true
            state.buffer = []
            return state.uploadID
        }
        guard let id else { return }
        do { try await store.abortUpload(key: key, id: id) } catch {
            store.caller.effects.log.warning(
                "parts that nobody needs stay in the store",
                ["key": .string(key), "reason": .string("\(error)")])
        }
    }

    /// Sends whole parts, and a shorter one at the end, side by side.
    private func send(_ bytes: [UInt8]) async throws {
        let id = try await uploadID()
        let first = state.withLock { $0.etags.count }
        let count = max(1, (bytes.count + limits.partBytes - 1) / limits.partBytes)
        guard first + count <= limits.partCount else {
            throw BlobsError(
                .invalidName, "the object is too large for the store",
                ["path": path, "most": limits.partBytes * limits.partCount])
        }
        let etags = try await withThrowingTaskGroup(of: (Int, String).self) { group in
            for index in 0..<count {
                let start = index * limits.partBytes
                let part = Array(bytes[start..<min(bytes.count, start + limits.partBytes)])
                group.addTask { (index, try await self.send(part, number: first + index + 1, of: id)) }
            }
            var etags = [String](repeating: "", count: count)
            for try await (index, etag) in group { etags[index] = etag }
            return etags
        }
        state.withLock { $0.etags += etags }
    }

    private func send(_ part: [UInt8], number: Int, of id: String) async throws -> String {
        // Sent twice, a part replaces itself.
        let request = S3Request(
            operation: "UploadPart", method: "PUT", key: key,
            query: [("partNumber", "\(number)"), ("uploadId", id)],
            headers: [("content-type", "application/octet-stream")], body: part,
            answerLimit: limits.answerBytes)
        let answer = try await store.call(request).answer
        guard answer.status == 200 else { throw store.fault(answer, request) }
        guard let etag = answer.header("etag") else { throw store.malformed(request, "an etag is missing") }
        return S3Text.etag(etag)
    }

    /// Begins the upload when nobody has. A lost answer leaves an upload without parts, which goes by age.
    private func uploadID() async throws -> String {
        if let id = state.withLock({ $0.uploadID }) { return id }
        let request = S3Request(
            operation: "CreateMultipartUpload", method: "POST", key: key, query: [("uploads", nil)],
            headers: [("content-type", "application/octet-stream"), (S3BlobStore.markHeader, mark)],
            body: [], answerLimit: limits.answerBytes)
        let answer = try await store.call(request).answer
        guard answer.status == 200 else { throw store.fault(answer, request) }
        guard let id = try store.document(answer, request)["UploadId"], !id.isEmpty else {
            throw store.malformed(request, "an upload has no id")
        }
        state.withLock { $0.uploadID = id }
        return id
    }

    private func completeParts(_ condition: PutCondition) async throws -> BlobInfo {
        let (receipt, size) = state.withLock {
            (S3Receipt(uploadID: $0.uploadID ?? "", etags: $0.etags), $0.size)
        }
        let request = store.completion(of: key, receipt, condition)
        return try await store.complete(request, path, mark: mark, size: size)
    }
}
