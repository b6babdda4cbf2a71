import Iceberg
import JSONText
import Octets
import Signing
import Tables

/// A part of a plan that is worked out when the client asks for it.
///
/// It carries the whole question and names manifests by their place in the snapshot's list, which never changes, so the
/// server keeps nothing for it and a restart loses nothing. A signature keeps it from being made up.
///
///     base64 of {"plan": …, "table": …, "query": {…}, "window": [12, 0, 40], "until": 1767225600} . base64 of its HMAC
struct PlanTask: Sendable, Hashable {
    var planID: String
    var tableUUID: String
    var query: PlanQuery
    var window: ScanWindow
    /// Seconds since 1970.
    var until: Int64

    func text(key: [UInt8]) -> String {
        var window: [JSONValue] = [
            JSONValue(self.window.start.manifest), JSONValue(self.window.start.entry),
        ]
        if let end = self.window.end { window.append(JSONValue(end)) }
        let body: JSONValue = [
            "plan": .string(planID), "table": .string(tableUUID), "query": query.json,
            "window": .array(window),
            "until": JSONValue(until),
        ]
        let bytes = body.serialized()
        return Base64.encode(bytes) + "." + Base64.encode(HMAC.sha256(key: key, bytes))
    }

    /// Nil for anything but a text made with the key.
    init?(text: String, key: [UInt8]) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, let bytes = Base64.decode(parts[0]),
            ConstantTime.equal(Base64.encode(HMAC.sha256(key: key, bytes)), parts[1])
        else { return nil }
        let body: JSONValue
        do { body = try JSONParser.parse(bytes) } catch { return nil }
        guard let planID = body["plan"]?.string, let tableUUID = body["table"]?.string,
            let query = body["query"].flatMap({ PlanQuery(json: $0) }),
            let window = body["window"]?.array?.compactMap(\.integer), window.count == 2 || window.count == 3,
            let until = body["until"]?.integer
        else { return nil }
        self.init(
            planID: planID, tableUUID: tableUUID, query: query,
            window: ScanWindow(
                start: ScanPosition(manifest: Int(window[0]), entry: Int(window[1])),
                end: window.count == 3 ? Int(window[2]) : nil), until: until)
    }

    init(planID: String, tableUUID: String, query: PlanQuery, window: ScanWindow, until: Int64) {
        self.planID = planID
        self.tableUUID = tableUUID
        self.query = query
        self.window = window
        self.until = until
    }
}
