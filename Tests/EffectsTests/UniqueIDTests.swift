import Effects
import Testing

@Suite("UniqueID")
struct UniqueIDTests {
    @Test("text and value convert both ways, with and without hyphens")
    func roundTrips() throws {
        let id = try #require(UniqueID("01890a5d-ac96-774b-bcce-b302099a8057"))
        #expect(id.description == "01890a5d-ac96-774b-bcce-b302099a8057")
        #expect(UniqueID(id.hexDigits) == id && UniqueID(id.description.uppercased()) == id)
        #expect(id.hexDigits == "01890a5dac96774bbcceb302099a8057")
        #expect(id.bytes.first == 0x01 && id.bytes.last == 0x57)
    }

    @Test(
        "text of another shape is refused",
        arguments: [
            "", "01890a5d", "01890a5dac96-774b-bcce-b302099a8057", "g1890a5dac96774bbcceb302099a8057",
            "01890a5d-ac96-774b-bcce-b302099a8057a", "01890a5d-ac96-774b-bcce-b302099a805-",
            "01890a5d-ac96-774b-bcceb302099a8057", "01890a5dac96774bbcceb302099a80571",
            "01890a5d-ac96-774b-bcce-b302099a80\u{e9}",
        ])
    func refuses(text: String) { #expect(UniqueID(text) == nil) }

    @Test("time-ordered ids carry the time and version 7")
    func carriesTime() {
        let id = UniqueID.timeOrdered(
            at: Instant(microseconds: 1_700_000_000_123_456), from: LiveRandomness())
        #expect(id.high >> 16 == 1_700_000_000_123)
        #expect(id.description.dropFirst(14).first == "7")
    }
}
