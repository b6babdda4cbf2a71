import Octets
import Testing

@Suite("PercentEncoding")
struct PercentEncodingTests {
    @Test("unreserved characters stay, everything else becomes upper-case hex")
    func encodes() {
        #expect(PercentEncoding.encode("aZ09-._~/ é+=") == "aZ09-._~%2F%20%C3%A9%2B%3D")
        #expect(PercentEncoding.encode("a/b c", keepsSlashes: true) == "a/b%20c")
    }

    @Test("decoding undoes encoding for every byte, and keeps a plus")
    func decodes() {
        let bytes = (0...255).map { UInt8($0) }
        #expect(PercentEncoding.decodeBytes(PercentEncoding.encode(bytes)) == bytes)
        #expect(PercentEncoding.decode("a+b%2f") == "a+b/")
    }

    @Test("a form's plus is a space; an encoded one stays a plus")
    func decodesForms() {
        #expect(PercentEncoding.decode("a+b%2Bc", plusIsSpace: true) == "a b+c")
        #expect(PercentEncoding.decode("+", plusIsSpace: true) == " ")
    }

    @Test("a percent sign without two digits is refused", arguments: ["%", "a%2", "%zz", "%2x%"])
    func refuses(text: String) { #expect(PercentEncoding.decodeBytes(text) == nil) }

    @Test("bytes that are no UTF-8 have no text")
    func noText() {
        #expect(PercentEncoding.decode("%FF") == nil && PercentEncoding.decodeBytes("%FF") == [0xFF])
    }
}

@Suite("QueryMembers")
struct QueryMembersTests {
    @Test("members come in order, raw, with an empty value where there is none")
    func splits() {
        let members = QueryMembers.split("list-type=2&prefix=a%2Fb=c&&acl&é=")
        #expect(members.map(\.name) == ["list-type", "prefix", "acl", "é"])
        #expect(members.map(\.value) == ["2", "a%2Fb=c", "", ""])
        #expect(QueryMembers.split("").isEmpty)
    }
}

@Suite("ASCIICase")
struct ASCIICaseTests {
    @Test("only the case of ASCII letters is overlooked")
    func compares() {
        #expect(ASCIICase.isSame("X-Amz-Date", "x-amz-DATE"))
        #expect(!ASCIICase.isSame("x-amz-date", "x-amz-dat"))
        #expect(!ASCIICase.isSame("É", "é") && !ASCIICase.isSame("[", "{"))
    }
}
