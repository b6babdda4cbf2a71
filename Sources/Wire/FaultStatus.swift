package import Faults

/// The one table from faults to HTTP status codes and to the integer codes of hosted-style envelopes.
///
/// Codes below 90000 are the hosted service's; ours are 90000 plus the status. `Docs/errors.md` lists them.
package struct FaultStatus: Sendable, Equatable {
    package var status: Int
    package var number: Int

    package init(_ error: any Error) {
        guard let fault = error as? any Fault else {
            self.init(kind: error is CancellationError ? .cancelled : .bug)
            return
        }
        self.init(kind: fault.kind)
        if ![.bug, .corruptData, .unavailable].contains(fault.kind),
            let room = Self.ofSQL[String(fault.codeText.prefix { $0 != "-" })]
        {
            self = room
        }
        if let exact = Self.exact[fault.codeText] { self = exact }
    }

    package init(kind: FaultKind) {
        status =
            switch kind {
            case .invalidRequest: 400
            case .unauthenticated: 401
            case .denied: 403
            case .notFound: 404
            case .conflict: 409
            case .exhausted: 429
            case .unsupported: 501
            case .unavailable: 503
            case .outcomeUnknown: 504
            case .cancelled: 408
            case .corruptData, .bug: 500
            }
        number = 90_000 + status
    }

    private init(_ status: Int, _ number: Int) {
        self.status = status
        self.number = number
    }

    /// What is wrong with SQL is 400 wherever the SQL was sent, also when it is only not supported: as on the hosted
    /// service, whose 40003 is a text that is not SQL it runs, and 40004 one whose names, types or values are wrong.
    private static let ofSQL: [String: FaultStatus] = [
        "SYN": FaultStatus(400, 40_003),
        "PLA": FaultStatus(400, 40_004),
        "KRN": FaultStatus(400, 40_004),
    ]

    /// Where the kind alone does not decide.
    private static let exact: [String: FaultStatus] = [
        "PLA-201": FaultStatus(400, 40_003),
        "KRN-201": FaultStatus(400, 40_003),
        // Not the SQL's fault: who asked has left, or memory is short.
        "KRN-301": FaultStatus(408, 90_408),
        "KRN-302": FaultStatus(429, 90_429),
        "EXE-101": FaultStatus(400, 40_003),
        "EXE-103": FaultStatus(400, 40_004),
        "QRY-101": FaultStatus(400, 40_003),
        "QRY-103": FaultStatus(406, 90_406),
        "SES-108": FaultStatus(400, 40_004),
        "SES-109": FaultStatus(400, 40_004),
        "SES-104": FaultStatus(400, 40_003),
        "SES-101": FaultStatus(400, 40_004),
        "SES-105": FaultStatus(400, 40_004),
        "SES-107": FaultStatus(400, 40_003),
        "SES-201": FaultStatus(400, 40_004),
        "SES-203": FaultStatus(400, 40_004),
        "PIP-107": FaultStatus(400, 40_003),
        "WIR-103": FaultStatus(404, 7003),
        "WIR-104": FaultStatus(405, 90_405),
        "WIR-105": FaultStatus(401, 10_000),
        "WIR-201": FaultStatus(413, 90_413),
        "WIR-203": FaultStatus(431, 90_431),
        "WIR-204": FaultStatus(414, 90_414),
        "WIR-107": FaultStatus(505, 90_505),
        "IDN-101": FaultStatus(401, 10_000),
        // Bodies and records over their limit, and media types nobody reads.
        "FMT-103": FaultStatus(413, 90_413),
        "FMT-104": FaultStatus(415, 90_415),
        "STR-203": FaultStatus(413, 90_413),
        // What the idempotency-key draft asks for.
        "STR-106": FaultStatus(422, 90_422),
        "ING-101": FaultStatus(415, 90_415),
        // R2's numbers for the same mishaps.
        "BLB-102": FaultStatus(404, 10_006),
        "BLB-103": FaultStatus(412, 90_412),
        "BLB-104": FaultStatus(416, 90_416),
        "BKT-101": FaultStatus(409, 10_004),
        "BKT-102": FaultStatus(409, 10_008),
        "BKT-106": FaultStatus(400, 10_005),
        "BKT-109": FaultStatus(403, 10_069),
    ]
}

extension Fault {
    /// `ICE-101`
    package var codeText: String { code.rawValue }
}
