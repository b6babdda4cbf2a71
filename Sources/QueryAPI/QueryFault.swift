import Faults
import Wire

/// The hosted service's numbers for what is wrong with a query.
enum QueryFault {
    /// The text is not SQL, or not SQL that this build runs.
    static let invalidSQL = 40_003
    /// The text is SQL, and names or types in it are wrong.
    static let invalidQuery = 40_004

    /// Nil for faults that are not the query's.
    static func number(of error: any Error) -> Int? {
        guard let fault = error as? any Fault else { return nil }
        let code = fault.codeText
        if code == "PLA-201" || code == "KRN-201" || code == "QRY-101" || code.hasPrefix("SYN-") {
            return invalidSQL
        }
        let isOurs = [.bug, .corruptData, .unavailable].contains(fault.kind)
        return !isOurs && (code.hasPrefix("PLA-") || code.hasPrefix("KRN-")) ? invalidQuery : nil
    }

    /// What is wrong with a query is always 400, as on the hosted service.
    static func response(to error: any Error) -> Response {
        let number = number(of: error)
        var response = Envelope.failure(error, number: number)
        if number != nil { response.status = 400 }
        return response
    }
}
