import Octets
import Signing
import Testing

@Suite("Link order")
struct LinkOrderTests {
    /// This test links everything a node does, libparquet with its own OpenSSL included.
    @Test("the OpenSSL that answers is the one this was built with")
    func openSSL() {
        #expect(CryptoLibrary.isExpected, "\(CryptoLibrary.builtVersion) \(CryptoLibrary.runningVersion)")
        #expect(
            Hex.encode(SHA256.hash("abc"))
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }
}
