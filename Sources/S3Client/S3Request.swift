import Octets
import Signing

/// A request to a store before it is signed.
struct S3Request: Sendable {
    /// The operation's name in metrics and messages, as Amazon has it.
    var operation: String
    var method: String
    /// One of the store's own keys, prefix included; nil for the bucket.
    var key: String?
    /// Plain, in any order; nil for a member without value.
    var query: [(name: String, value: String?)] = []
    var headers: [(name: String, value: String)] = []
    var body: [UInt8]?
    /// The store may send status 200 first, and an error in the body.
    var mayFailLate = false
    /// More than this is no answer to it.
    var answerLimit: Int
    /// Bytes of a usual answer: what the deadline allows for.
    var expectedBytes = 0

    /// `uploads&prefix=a%20b`
    var rawQuery: String {
        query.map { member in
            let name = PercentEncoding.encode(member.name)
            return member.value.map { "\(name)=\(PercentEncoding.encode($0))" } ?? "\(name)="
        }.joined(separator: "&")
    }

    /// As it goes over the wire, but for the signature.
    func unsigned(to address: S3Address) -> SigV4Request {
        SigV4Request(
            method: method, rawPath: address.rawPath(of: key), rawQuery: rawQuery,
            headers: [("host", address.host)] + headers)
    }
}
