import Blobs
import Effects
import Identity
import Wire

/// What several operations ask of their request.
extension S3Call {
    /// The bucket of an operation on a bucket; `S3Operation` has made sure there is one.
    var bucket: String {
        guard let bucket = target.bucket else { preconditionFailure("an operation on a bucket names it") }
        return bucket
    }

    /// The object, when the principal may do this to it. Checked before anything is looked up: nobody learns what
    /// exists by asking.
    ///
    /// - Errors: `IDN-102`.
    func object(for permission: Permission) throws -> BlobPath {
        guard let key = target.key else { preconditionFailure("an operation on an object names it") }
        try principal.require(permission, on: .object(bucket, key))
        return BlobPath(bucket: bucket, key: key)
    }

    /// - Errors: `S3-101` unless the query has this number, within `range`.
    func number(_ name: String, in range: ClosedRange<Int>, default fallback: Int?) throws(S3Error) -> Int {
        guard let text = target[name], !text.isEmpty || fallback == nil else {
            guard let fallback else { throw S3Error(.invalidArgument, "a number is missing", ["name": name]) }
            return fallback
        }
        guard let number = Int(text), range.contains(number) else {
            throw S3Error(.invalidArgument, "a number is out of range", ["name": name, "value": text])
        }
        return number
    }

    func xml(_ write: (inout XMLWriter) throws -> Void) rethrows -> Response {
        var writer = XMLWriter()
        try write(&writer)
        return Response(
            status: 200, headers: ["content-type": "application/xml"], body: .bytes(writer.document))
    }
}

/// Times as S3 writes them.
enum S3Time {
    /// `2026-01-31T12:34:56.789Z`
    static func iso(_ instant: Instant) -> String {
        String(decoding: instant.rfc3339.utf8.prefix(23), as: UTF8.self) + "Z"
    }

    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// `Sat, 31 Jan 2026 12:34:56 GMT`
    static func http(_ instant: Instant) -> String {
        let day = Int(instant.microseconds.floorDivided(by: 86_400_000_000))
        let date = CivilDate(daysSinceEpoch: day)
        let time = String(decoding: instant.rfc3339.utf8.dropFirst(11).prefix(8), as: UTF8.self)
        let name = days[((day % 7) + 7) % 7]
        return
            "\(name), \(date.day < 10 ? "0" : "")\(date.day) \(months[date.month - 1]) \(date.year) \(time) GMT"
    }

    /// Nil for any other form than the one `http` writes, which all clients of today send.
    static func parse(http text: String) -> Instant? {
        let parts = text.split(separator: " ")
        guard parts.count == 6, parts[5] == "GMT", let day = Int(parts[1]), let year = Int(parts[3]),
            let month = months.firstIndex(of: String(parts[2]))
        else { return nil }
        let time = parts[4].split(separator: ":").map { Int($0) }
        guard time.count == 3, let hour = time[0], let minute = time[1], let second = time[2],
            (0..<24).contains(hour), (0..<60).contains(minute), (0..<61).contains(second)
        else { return nil }
        let date = CivilDate(year: year, month: month + 1, day: day)
        guard date.isValid, (1...9999).contains(year) else { return nil }
        let seconds = date.daysSinceEpoch * 86_400 + hour * 3600 + minute * 60 + second
        return Instant(microseconds: Int64(seconds) * 1_000_000)
    }
}
