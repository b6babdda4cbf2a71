import Columnar
import Effects
import Testing

@Suite("Bitmap")
struct BitmapTests {
    private func bits(_ seed: Int, _ count: Int) -> [Bool] {
        var generator = SeededGenerator(seed: UInt64(seed))
        return (0..<count).map { _ in Bool.random(using: &generator) }
    }

    @Test("behaves as an array of booleans", arguments: 0..<40)
    func model(seed: Int) {
        let model = bits(seed, seed * 7)
        let bitmap = Bitmap(model)
        #expect(model.indices.map { bitmap[$0] } == model)
        #expect(bitmap.setCount == model.count { $0 })
        #expect(bitmap.setIndices.map(Int.init) == model.indices.filter { model[$0] })
        let inverted = ~bitmap
        #expect(inverted.setCount == model.count - bitmap.setCount)
        for start in stride(from: 0, through: model.count, by: 13) {
            let part = bitmap.slice(start..<model.count)
            #expect((0..<part.count).map { part[$0] } == Array(model[start...]))
            #expect(part.setCount == model[start...].count { $0 })
        }
    }

    @Test("appending whole bitmaps and runs equals appending bits", arguments: 0..<20)
    func appending(seed: Int) {
        let left = bits(seed, seed * 5)
        let right = bits(seed + 100, seed * 11)
        var bitmap = Bitmap(left)
        bitmap.append(contentsOf: Bitmap(right))
        bitmap.append(repeating: true, count: seed)
        #expect(bitmap == Bitmap(left + right + [Bool](repeating: true, count: seed)))
    }
}
