import Scheduling

/// Slices of several parts, and what happens where there is no memory for the next row of one.
extension PipelineRunner {
    /// All parts of a slice.
    mutating func writeWhole(_ first: consuming Work) async throws {
        if let rest = try await writeOn(first) { try await writeRest(rest) }
    }

    /// Answers where the slice stands when there is no memory for its next row.
    mutating func writeOn(_ first: consuming Work) async throws -> Work? {
        var work = first
        while true {
            try await write(work)
            if work.reading.isEnd { return nil }
            if work.part.refusal != nil { return work }
            let (reading, hold) = (work.reading, work.hold)
            // What is written is let go before more is made.
            work.part = PreparedPart()
            work = try await Self.advance(context, reading, hold)
        }
    }

    /// - Errors: as `makeRoom`.
    mutating func writeRest(_ stuck: Work) async throws {
        var rest: Work? = stuck
        var pauses = 0
        while let work = rest {
            try await makeRoom(for: work, after: &pauses)
            let next = try await Self.advance(context, work.reading, work.hold)
            if next.part.refusal == nil { pauses = 0 }
            rest = try await writeOn(next)
        }
    }

    /// Where there was no memory for the next row: the slice goes on with the node's pass, or when others have had time to
    /// give some back.
    ///
    /// - Errors: `memoryExhausted` when they have had enough; `TransformStopped`.
    func makeRoom(for work: Work, after pauses: inout Int) async throws {
        guard let refusal = work.part.refusal else {
            pauses = 0
            return
        }
        if work.hold.pass() { return }
        if control.isStopping { throw TransformStopped() }
        if pauses >= Self.mostMemoryPauses { throw refusal }
        pauses += 1
        await control.pause(nanoseconds: Self.memoryPauseNanoseconds)
    }
}
