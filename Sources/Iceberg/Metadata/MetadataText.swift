import JSONText

/// The JSON of a table's metadata, and where its snapshots lie in it.
///
///     {"format-version":2,…,"refs":{…},"snapshots":[ A , B , C ],"statistics":…,"snapshot-log":[…],…}
///                                                  └─ taken from the text before ─┘
///
/// A commit adds one snapshot to thousands that stay as they are, so the next text is made out of this one: what is equal
/// is copied, byte for byte.
package struct MetadataText: Sendable {
    /// What `json.serialized()` gives.
    package let bytes: [UInt8]
    private let snapshots: [Snapshot]
    /// Where the text of each snapshot ends, the comma not included. As many as snapshots.
    private let ends: [Int]
    /// Where the first snapshot begins.
    private let start: Int
    /// Version 1 writes a snapshot another way than those after it.
    private let hasSequenceNumbers: Bool

    /// - Cost: a comparison and a copy for each snapshot that `earlier` has too; without it each is written anew.
    package init(_ metadata: TableMetadata, after earlier: MetadataText? = nil) {
        snapshots = metadata.snapshots
        hasSequenceNumbers = metadata.formatVersion > 1
        var text: [UInt8] = []
        text.reserveCapacity((earlier?.bytes.count ?? snapshots.count << 9) + 8192)
        JSONValue.object(metadata.membersBeforeSnapshots).append(to: &text)
        Self.open("snapshots", in: &text)
        start = text.count
        ends = metadata.writeSnapshots(
            to: &text, reusing: earlier?.hasSequenceNumbers == hasSequenceNumbers ? earlier : nil)
        text.append(UInt8(ascii: "]"))
        Self.append(metadata.membersBetweenLists, to: &text)
        Self.open("snapshot-log", in: &text)
        for (index, entry) in metadata.snapshotLog.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            entry.append(to: &text)
        }
        text.append(UInt8(ascii: "]"))
        Self.append(metadata.membersAfterLog, to: &text)
        text.append(UInt8(ascii: "}"))
        bytes = text
    }

    /// Goes on after a `{…}` of at least one member, whose brace is taken back, with a list.
    private static func open(_ name: String, in text: inout [UInt8]) {
        if text.last == UInt8(ascii: "}") { text.removeLast() }
        text.append(UInt8(ascii: ","))
        JSONValue.appendQuoted(name, to: &text)
        text.append(contentsOf: ":[".utf8)
    }

    private static func append(_ members: JSONObject, to text: inout [UInt8]) {
        for member in members.members {
            text.append(UInt8(ascii: ","))
            JSONValue.appendQuoted(member.name, to: &text)
            text.append(UInt8(ascii: ":"))
            member.value.append(to: &text)
        }
    }
}

extension TableMetadata {
    /// Writes the snapshots with commas between them; answers where each ends.
    fileprivate func writeSnapshots(to text: inout [UInt8], reusing earlier: MetadataText?) -> [Int] {
        var ends: [Int] = []
        ends.reserveCapacity(snapshots.count)
        let known = earlier?.places(of: snapshots) ?? Array(repeating: nil, count: snapshots.count)
        // A run of snapshots that follow each other in the text before too, copied at once.
        var run = 0..<0
        for index in snapshots.indices {
            if let earlier, let place = known[index] {
                if run.isEmpty || place.lowerBound != run.upperBound + 1 {
                    text.append(contentsOf: earlier.bytes[run])
                    if !ends.isEmpty { text.append(UInt8(ascii: ",")) }
                    run = place
                } else {
                    run = run.lowerBound..<place.upperBound
                }
            } else {
                if let earlier { text.append(contentsOf: earlier.bytes[run]) }
                run = 0..<0
                if !ends.isEmpty { text.append(UInt8(ascii: ",")) }
                snapshots[index].json(formatVersion: formatVersion).append(to: &text)
            }
            ends.append(text.count + run.count)
        }
        if let earlier { text.append(contentsOf: earlier.bytes[run]) }
        return ends
    }
}

extension MetadataText {
    /// Where the text of each of `wanted` stands in `bytes`; nil for one that is not here or is otherwise.
    ///
    /// Quick where they come in the same order, as they do; one in another order is not found, nor are those after it.
    fileprivate func places(of wanted: [Snapshot]) -> [Range<Int>?] {
        // Spans lend their elements: an array would hand out copies, with six counts of references each.
        let (here, new) = (snapshots.span, wanted.span)
        var places: [Range<Int>?] = []
        places.reserveCapacity(new.count)
        var position = 0
        for index in new.indices {
            let id = new[index].snapshotID
            while position < here.count, here[position].snapshotID != id { position += 1 }
            guard position < here.count else {
                places.append(nil)
                continue
            }
            let begin = position == 0 ? start : ends[position - 1] + 1
            places.append(here[position] == new[index] ? begin..<ends[position] : nil)
            position += 1
        }
        return places
    }
}
