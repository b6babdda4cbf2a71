package import Columnar

/// Some events of a body in a row: one batch of rows, and the events that became none.
package struct EventPart: Sendable {
    /// At most `Batch.capacity` rows, in the events' order; nil without rows.
    package var batch: Batch?
    /// Where each row came from.
    package var places: [EventPlace]
    /// In the events' order; no more than were asked for.
    package var misfits: [Misfit] = []
    /// All of the part, told or not.
    package var misfitCount = 0
    /// Members that no field took.
    package var unknownFieldCount = 0
    /// Events of the body so far, about; exactly in the last part.
    package var eventCount = 0
    package var isEnd = false
}

/// An event of a body.
package struct EventPlace: Sendable, Hashable, BitwiseCopyable {
    /// Counts events of the body from zero.
    package var index: Int
    /// Its first byte in the body, and the one behind it.
    package var start: Int
    package var end: Int

    package var span: Range<Int> { start..<end }
}
