import Testing

@testable import S3API

@Suite("How an object was cut into parts")
struct PartSizesTests {
    @Test("sizes come back from their text, with every part's bytes")
    func roundTrip() throws {
        for sizes: [Int64] in [
            [0], [5], [5, 5, 5], [5, 5, 7], [1, 2, 2, 1], Array(repeating: 9, count: 10_000),
        ] {
            let made = PartSizes(sizes)
            #expect(PartSizes(made.text) == made && made.count == sizes.count)
            var offset: Int64 = 0
            for (index, size) in sizes.enumerated() {
                #expect(made.range(of: index + 1) == offset..<offset + size)
                offset += size
            }
            #expect(made.range(of: sizes.count + 1) == nil)
        }
        #expect(PartSizes(Array(repeating: 9, count: 10_000)).text == "9*10000")
    }

    @Test("text of others is none", arguments: ["x", "5*", "5*0", "5*-1", "*3", "5*x"])
    func malformed(text: String) { #expect(PartSizes(text) == nil) }
}
