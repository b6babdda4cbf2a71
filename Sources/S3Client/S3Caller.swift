import Blobs
package import Effects
import HTTPClient
import Octets
package import Scheduling
import Signing
package import Telemetry

/// What the client of a store takes from its surroundings.
package struct S3Effects: Sendable {
    package var clock: any Clock
    package var randomness: any Randomness
    /// Hashes long bodies.
    package var pool: IOPool
    package var meters: S3Meters
    package var log: Log
    /// Waits so many seconds. - Errors: `CancellationError`.
    package var pause: @Sendable (Double) async throws -> Void

    package init(
        clock: any Clock, randomness: any Randomness, pool: IOPool, meters: S3Meters, log: Log,
        pause: @escaping @Sendable (Double) async throws -> Void = { try await Task.sleep(for: .seconds($0)) }
    ) {
        self.clock = clock
        self.randomness = randomness
        self.pool = pool
        self.meters = meters
        self.log = log
        self.pause = pause
    }
}

/// A settled answer, and whether an earlier try of the same request may have been carried out.
struct S3Reply: Sendable {
    var answer: S3Answer
    var mayHaveHappenedBefore: Bool
}

/// Every try was in vain.
struct S3NoReply: Error {
    var fault: BlobsError
    /// At least one try may have been carried out, or still will be.
    var mayHaveHappened: Bool
}

/// Signs requests, sends them, and tries again while that can help.
///
/// - Errors: `S3NoReply`, `BLB-302` when too many calls wait, `BLB-304` without keys, `CancellationError`.
struct S3Caller: Sendable {
    let address: S3Address
    let keys: any S3KeySource
    let transport: any S3Transport
    let limits: S3Limits
    let effects: S3Effects
    private let gate: RequestGate
    private let budget = RetryBudget()
    private let policy: RetryPolicy

    init(
        address: S3Address, keys: any S3KeySource, transport: any S3Transport, limits: S3Limits,
        effects: S3Effects
    ) {
        self.address = address
        self.keys = keys
        self.transport = transport
        self.limits = limits
        self.effects = effects
        gate = RequestGate(open: limits.requests, waitingLimit: limits.waitingCalls)
        policy = RetryPolicy(limits: limits)
    }

    func call(_ request: S3Request) async throws -> S3Reply {
        let payloadHash = try await hash(request.body)
        let start = effects.clock.monotonicNanoseconds
        var mayHaveHappened = false
        var hasRenewed = false
        var attempt = 1
        while true {
            let used = try await keys.keys()
            let verdict = try await attemptOnce(request, payloadHash)
            switch verdict {
            case .settled(let answer):
                if attempt == 1 { budget.succeeded() }
                return S3Reply(answer: answer, mayHaveHappenedBefore: mayHaveHappened)
            case .keysRefused(let answer):
                guard !hasRenewed, try await renewed(used) else {
                    return S3Reply(answer: answer, mayHaveHappenedBefore: mayHaveHappened)
                }
                hasRenewed = true
            case .retry(let reason):
                mayHaveHappened = mayHaveHappened || reason.mayHaveHappened
                let elapsed = Double(effects.clock.monotonicNanoseconds - start) / 1e9
                let pause = policy.pause(
                    afterAttempt: attempt, elapsedSeconds: elapsed, asked: reason.pauseSeconds, draw: draw())
                guard let pause, budget.take() else {
                    throw S3NoReply(
                        fault: BlobsError(
                            .unavailable, "the store does not answer",
                            [
                                "operation": request.operation, "key": request.key ?? "",
                                "host": address.host, "attempts": attempt, "reason": reason.summary,
                                "budget": pause == nil ? "left" : "spent",
                            ]),
                        mayHaveHappened: mayHaveHappened)
                }
                effects.meters.retries(reason.label).add()
                try await effects.pause(pause)
                attempt += 1
            }
        }
    }

    /// True when there are other keys now: also when another call has just renewed them.
    private func renewed(_ used: S3Keys) async throws -> Bool {
        _ = await keys.renew()
        return try await keys.keys() != used
    }

    private func attemptOnce(_ request: S3Request, _ payloadHash: String) async throws -> S3Verdict {
        try await gate.run {
            effects.meters.underWay.add(1)
            defer { effects.meters.underWay.add(-1) }
            let wire = try await signed(request, payloadHash)
            let start = effects.clock.monotonicNanoseconds
            effects.meters.requests(request.operation).add()
            effects.meters.sentBytes.add(Int64(request.body?.count ?? 0))
            do {
                let answer = try await transport.send(wire, answerLimit: request.answerLimit)
                effects.meters.receivedBytes.add(Int64(answer.body.count))
                effects.meters.duration(request.operation).record(
                    nanoseconds: effects.clock.monotonicNanoseconds - start)
                return S3Verdict(answer, of: request)
            } catch let error as HTTPClientError {
                if error.code == .cancelled { throw CancellationError() }
                guard error.code != .certificateRefused else { throw untrusted(error) }
                guard let verdict = S3Verdict(error) else {
                    throw BlobsError(
                        .unavailable, "a request to the store failed",
                        ["operation": request.operation, "host": address.host], cause: error)
                }
                return verdict
            }
        }
    }

    /// Another try would meet the same certificate.
    private func untrusted(_ error: HTTPClientError) -> BlobsError {
        BlobsError(
            .unavailable, "the store's certificate is not trusted",
            [
                "host": address.host, "reason": error.context.first { $0.name == "reason" }?.value ?? "",
            ],
            hint:
                "check the host in the store's address; for an authority of your own pass its certificate with --store-ca-file"
        )
    }

    private func signed(_ request: S3Request, _ payloadHash: String) async throws -> HTTPClientRequest {
        let keys = try await keys.keys()
        let signer = SigV4Signer(
            accessKey: keys.accessKey, secret: keys.secret, region: address.region,
            sessionToken: keys.sessionToken)
        let signed = signer.signed(
            request.unsigned(to: address), payloadHash: payloadHash, now: effects.clock.now)
        let query = signed.rawQuery.isEmpty ? "" : "?\(signed.rawQuery)"
        let bytes = Double(max(request.body?.count ?? 0, request.expectedBytes))
        return HTTPClientRequest(
            method: signed.method, url: address.origin + signed.rawPath + query,
            headers: signed.headers + [("user-agent", FirnVersion.product)],
            // No "100 Continue" is waited for, and no type of a form is added: both are libcurl's habits.
            omittedHeaders: ["expect", "content-type"], body: request.body,
            deadlineSeconds: limits.requestSeconds + bytes / limits.slowestBytesPerSecond)
    }

    private func hash(_ body: [UInt8]?) async throws -> String {
        let body = body ?? []
        guard body.count > limits.hashedHereBytes else { return Hex.encode(SHA256.hash(body)) }
        return try await effects.pool.run { Hex.encode(SHA256.hash(body)) }
    }

    /// In 0..<1.
    private func draw() -> Double { Double(effects.randomness.next() >> 11) / Double(1 << 53) }
}
