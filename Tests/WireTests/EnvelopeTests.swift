import Faults
import Testing

@testable import Wire

@Suite("What the envelope tells of an error")
struct EnvelopeTests {
    struct DiskFault: Fault {
        enum Code: String, FaultCode {
            case full = "TST-301"
            var kind: FaultKind { .unavailable }
        }
        let code = Code.full
        let summary = "the disk is full"
        let context = faultContext([serverFile: "/srv/firn/1", "path": "$.id", "reason": "no space"])
        var hint: String? { "make room" }
    }

    @Test("clients learn nothing of the server's own files, its log does")
    func serverFiles() {
        let fault = DiskFault()
        #expect(
            Envelope.publicMessage(of: fault) == "the disk is full (path: $.id, reason: no space); make room")
        #expect("\(fault)".contains("/srv/firn/1") && fault.message.contains("/srv/firn/1"))
    }
}
