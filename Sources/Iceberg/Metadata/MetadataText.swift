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

    /// The place of each snapshot's text in `bytes`.
    fileprivate func range(of index: Int) -> Range<Int> {
        (index == 0 ? start : ends[index - 1] + 1)..<ends[index]
    }

    fileprivate var cursor: SnapshotCursor { SnapshotCursor(snapshots) }
}

extension TableMetadata {
    /// Writes the snapshots with commas between them; answers where each ends.
    fileprivate func writeSnapshots(to text: inout [UInt8], reusing earlier: MetadataText?) -> [Int] {
        var ends: [Int] = []
        ends.reserveCapacity(snapshots.count)
        var cursor = earlier?.cursor
        // A run of snapshots that follow each other in the text before too, copied at once.
        var run = 0..<0
        for snapshot in snapshots {
            if let earlier, let known = cursor?.find(snapshot) {
                let place = earlier.range(of: known)
                if place.lowerBound != run.upperBound + 1 || run.isEmpty {
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
                snapshot.json(formatVersion: formatVersion).append(to: &text)
            }
            ends.append(text.count + run.count)
        }
        if let earlier { text.append(contentsOf: earlier.bytes[run]) }
        return ends
    }

    /// The snapshots that `base` does not have, or has otherwise.
    package func snapshots(notIn base: TableMetadata) -> [Snapshot] {
        var cursor = SnapshotCursor(base.snapshots)
        return snapshots.filter { cursor.find($0) == nil }
    }
}

/// Finds snapshots of one list in an earlier one; quick where they come in the same order, as they do.
private struct SnapshotCursor {
    private let earlier: [Snapshot]
    private var position = 0

    init(_ earlier: [Snapshot]) { self.earlier = earlier }

    /// Where an equal snapshot is. Nil also for one that comes in another order: then nothing after it is found.
    mutating func find(_ snapshot: Snapshot) -> Int? {
        while position < earlier.count, earlier[position].snapshotID != snapshot.snapshotID { position += 1 }
        guard position < earlier.count else { return nil }
        defer { position += 1 }
        return earlier[position] == snapshot ? position : nil
    }
}
