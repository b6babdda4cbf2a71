import Columnar
import Plans
import Synchronization

/// Skips some rows, takes some, and then asks its input for nothing more.
///
///     input   |-- skip --|---- take ----|--- never asked for ---|
///     output             |---- take ----|
final class LimitSource: MorselSource {
    private let input: BatchPuller
    private let window: Mutex<(skip: Int, take: Int)>

    init(_ input: BatchPuller, _ window: RowWindow) {
        self.input = input
        self.window = Mutex((skip: max(0, window.offset), take: max(0, window.count ?? .max)))
    }

    var isSequential: Bool { true }

    func prepare() async throws {}

    func next() async throws -> Morsel? {
        while window.withLock({ $0.take > 0 }), let batch = try await input.next() {
            let range = window.withLock { window in
                let skipped = min(window.skip, batch.rowCount)
                let taken = min(window.take, batch.rowCount - skipped)
                window.skip -= skipped
                window.take -= taken
                return skipped..<skipped + taken
            }
            if range.isEmpty { continue }
            return Morsel([batch.slice(range)])
        }
        return nil
    }
}

extension RowWindow {
    /// Rows of the input that matter at most, skipped ones included.
    var end: Int { count.map { max(0, offset).addingClamped(max(0, $0)) } ?? .max }
}
