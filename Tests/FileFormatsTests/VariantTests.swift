import Effects
import FileFormats
import JSONText
import TestKit
import Testing

@Suite("Variants")
struct VariantTests {
    /// `{"a": true, "b": "x", "list": [42, null, 1.5]}`
    private static let metadata: [UInt8] = [0x01, 3, 0, 1, 2, 6] + Array("ablist".utf8)
    private static let value: [UInt8] =
        [0x02, 3, 0, 1, 2, 0, 1, 3, 19] + [0x04] + [0x05] + Array("x".utf8)
        + [0x03, 3, 0, 2, 3, 12, 0x0C, 42, 0x00, 0x1C, 0, 0, 0, 0, 0, 0, 0xF8, 0x3F]

    private func text(_ metadata: [UInt8], _ value: [UInt8]) throws(FileFormatsError) -> String {
        var text: [UInt8] = []
        try VariantText(metadata: metadata).append(value, to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    @Test("an object prints its members in order")
    func prints() throws {
        #expect(try text(Self.metadata, Self.value) == #"{"a":true,"b":"x","list":[42,null,1.5]}"#)
    }

    @Test(
        "values that hold themselves, or the same value many times, end in an error and not in endless text")
    func bounds() {
        // An array whose element begins at its own offsets would recurse for ever; one level doubles the next.
        var doubling: [UInt8] = [0x00]
        for _ in 0..<60 { doubling = [0x03, 2, 0, 0, UInt8(min(255, doubling.count))] + doubling }
        #expect(throws: FileFormatsError.self) { try text([0x01, 0, 0], doubling) }
        var deep: [UInt8] = [0x00]
        for _ in 0..<200 { deep = [0x03, 1, 0, UInt8(min(255, deep.count))] + deep }
        #expect(throws: FileFormatsError.self) { try text([0x01, 0, 0], deep) }
    }

    @Test("damaged variants give an error or JSON, never a crash")
    func damaged() throws {
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<FuzzRounds.count(20_000) {
            var (metadata, value) = (Self.metadata, Self.value)
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                if Int.random(in: 0..<4, using: &generator) == 0 {
                    metadata[Int.random(in: 0..<metadata.count, using: &generator)] = .random(
                        in: 0...255, using: &generator)
                } else {
                    value[Int.random(in: 0..<value.count, using: &generator)] = .random(
                        in: 0...255, using: &generator)
                }
            }
            if Bool.random(using: &generator) { value.removeLast(Int.random(in: 0..<4, using: &generator)) }
            do {
                _ = try JSONParser.parse(Array(text(metadata, value).utf8))
            } catch let error as FileFormatsError {
                #expect(error.code == .corruptFile)
            }
        }
    }
}
