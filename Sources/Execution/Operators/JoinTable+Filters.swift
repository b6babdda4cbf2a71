import Columnar
import Kernels
import Plans
import Scheduling

extension JoinTable {
    /// Tells scans below the left side which keys are held, where there are few enough and memory is there.
    func tell(_ channels: FilterChannels, _ work: JoinWork, _ context: QueryContext) throws {
        guard rows.rowCount <= KeyFilter.keyLimit else { return }
        for (channel, key) in zip(work.join.channels, work.join.rightKeys) {
            guard let channel else { continue }
            let reservation = try context.memory.reserve(0, for: "join")
            guard try reservation.resizeIfFree(to: KeyFilter.byteCount(keys: rows.rowCount)) else { return }
            var parts: [Column] = []
            for start in stride(from: 0, to: rows.rowCount, by: Self.step) {
                try context.check()
                let part = rows.slice(start..<min(rows.rowCount, start + Self.step))
                parts += try context.evaluator.evaluate([key], over: part)
            }
            channels[channel] = HeldFilter(KeyFilter(parts), reservation)
        }
    }
}
