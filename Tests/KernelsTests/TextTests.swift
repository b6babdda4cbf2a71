import Columnar
import Kernels
import Testing

struct TextTests {
    @Test(arguments: [
        (ScalarFunction.substring, [text("Thomas"), int(2), int(3)], "hom"),
        (.substring, [text("abc"), int(-1), int(4)], "ab"), (.substring, [text("añb"), int(2)], "ñb"),
        (.substring, [text("abc"), int(9)], ""), (.left, [text("abcde"), int(2)], "ab"),
        (.left, [text("abcde"), int(-2)], "abc"), (.right, [text("abcdé"), int(2)], "dé"),
        (.right, [text("abcde"), int(-4)], "e"), (.right, [text("abc"), int(-9)], ""),
        (.trim, [text("  x ")], "x"), (.trim, [text("xyax"), text("xy")], "a"),
        (.trimStart, [text("éa"), text("é")], "a"), (.trim, [text("?\u{7F}@a@"), text("@?\u{7F}")], "a"),
        (.trimEnd, [text("trim  ")], "trim"), (.padStart, [text("hi"), int(5), text("xy")], "xyxhi"),
        (.padEnd, [text("hello"), int(2)], "he"), (.padStart, [text("hi"), int(4)], "  hi"),
        (.replace, [text("aXbXX"), text("X"), text("--")], "a--b----"), (.reverse, [text("abé")], "éba"),
        (.repeated, [text("ab"), int(3)], "ababab"), (.repeated, [text("ab"), int(-1)], ""),
        (.splitPart, [text("a,b,c"), text(","), int(2)], "b"),
        (.splitPart, [text("a,b,c"), text(","), int(-1)], "c"),
        (.splitPart, [text("a,b"), text(","), int(5)], ""),
        (.splitPart, [text("a,b,c"), text(","), int(-3)], "a"),
        (.splitPart, [text("a,b"), text(","), int(-3)], ""),
        (.splitPart, [text("a,b"), text(","), long(.min)], ""),
        (.initcap, [text("hELLO wORLD-x2y")], "Hello World-X2y"),
        (.lower, [text("ÄBc")], "äbc"), (.upper, [text("straße")], "STRASSE"),
        (.translate, [text("12345"), text("143"), text("ax")], "a2x5"),
        (.overlay, [text("Txxxxas"), text("hom"), int(2), int(4)], "Thomas"),
        (.substringIndex, [text("www.a.com"), text("."), int(2)], "www.a"),
        (.substringIndex, [text("www.a.com"), text("."), int(9)], "www.a.com"),
        (.substringIndex, [text("www.a.com"), text("."), long(.min)], "www.a.com"),
        (.substringIndex, [text("www.a.com"), text("."), int(-2)], "a.com"), (.chr, [int(233)], "é"),
        (.toHex, [int(-1)], "ffffffff"), (.toHex, [long(255)], "ff"),
        (.encode, [text("abc"), text("base64")], "YWJj"),
        (.concat, [text("a"), null(.string), int(3)], "a3"),
        (.concatWithSeparator, [text(","), text("a"), null(.string), text("b")], "a,b"),
        (.md5, [text("abc")], "900150983cd24fb0d6963f7d28e17f72"),
        (.regexpReplace, [text("foobarbaz"), text("b(..)"), text("X\\1Y"), text("g")], "fooXarYXazY"),
        (.regexpReplace, [text("aaa"), text("a"), text("b")], "baa"),
        (.regexpReplace, [text("ab"), text("x*"), text("-"), text("g")], "-a-b-"),
        // What is empty right behind a match is none.
        (.regexpReplace, [text("aaa"), text("a*"), text("x"), text("g")], "x"),
        (.regexpReplace, [text("aba"), text("b*"), text("x"), text("g")], "xaxax"),
        (.regexpReplace, [text("äbä"), text("b*"), text("x"), text("g")], "xäxäx"),
        (.regexpReplace, [text("a1b22"), text("[0-9]*"), text("#"), text("g")], "#a#b#"),
        (.regexpReplace, [text(""), text("x*"), text("-"), text("g")], "-"),
        (.regexpSubstring, [text("a1b22"), text("[0-9]+")], "1"),
        (.jsonGetString, [json(#"{"a":{"b":["x","yé"]}}"#), text("a"), text("b"), int(1)], "yé"),
        (.jsonGetJSON, [json(#"{"a" : {"b": [1, 2]} }"#), text("a")], #"{"b": [1, 2]}"#),
        (.jsonGetJSON, [json("[1, [2], 3]"), int(-1)], "3"),
        (.jsonGetJSON, [json("[1, [2]]"), int(-2)], "1"),
        (.jsonAsText, [json(#"{"a\u0062":1.50}"#), text("ab")], "1.50"),
    ])
    func textGivesText(_ function: ScalarFunction, _ arguments: [Value], _ expected: String) throws {
        #expect(try answer(function, arguments, .string) == .string(expected))
    }

    @Test func nullsAndWrongArguments() throws {
        #expect(try answer(.concatOperator, [text("a"), null(.string)], .string) == .null)
        #expect(try answer(.concatWithSeparator, [null(.string), text("a")], .string) == .null)
        #expect(try answer(.jsonGetString, [json(#"{"a":1}"#), text("a")], .string) == .null)
        #expect(try answer(.jsonGetString, [json("{broken"), text("a")], .string) == .null)
        #expect(try answer(.jsonGetInteger, [json(#"{"a":12}"#), text("a")], .long) == .long(12))
        #expect(try answer(.jsonLength, [json("[1, [2,3], {}]")], .long) == .long(3))
        #expect(try answer(.jsonGetJSON, [json("[1, 2]"), int(-3)], .string) == .null)
        #expect(try answer(.jsonGetJSON, [json("[]"), int(-1)], .string) == .null)
        #expect(try answer(.jsonGetJSON, [json(#"{"a": 1}"#), int(-1)], .string) == .null)
        #expect(try answer(.jsonGetArray, [json("[1, 2")], .list(Field("element", .string))) == .null)
        let pipeline = KernelContext(missingJSONIsDefault: true)
        #expect(try answer(.jsonGetString, [json("{}"), text("a")], .string, in: pipeline) == .string(""))
        #expect(try answer(.jsonGetInteger, [json("{}"), text("a")], .long, in: pipeline) == .long(0))
        #expect(code { try answer(.substring, [text("abc"), int(1), int(-1)], .string) } == .invalidArgument)
        #expect(code { try answer(.repeated, [text("abc"), long(1 << 40)], .string) } == .tooLarge)
        #expect(code { try answer(.padStart, [text("abc"), long(1 << 40)], .string) } == .tooLarge)
        #expect(
            code { try answer(.splitPart, [text("abc"), text(","), int(0)], .string) } == .invalidArgument)
        #expect(code { try answer(.chr, [int(0)], .string) } == .invalidArgument)
        #expect(code { try answer(.regexpLike, [text("a"), text("(")], .boolean) } == .invalidPattern)
        #expect(code { try answer(.like, [text("a"), text("a\\")], .boolean) } == .invalidPattern)
    }

    @Test func measures() throws {
        #expect(try answer(.characterLength, [text("añb")], .int) == .int(3))
        #expect(try answer(.octetLength, [text("añb")], .long) == .long(4))
        #expect(try answer(.position, [text("añbc"), text("b")], .long) == .long(3))
        #expect(try answer(.position, [text("abc"), text("")], .long) == .long(1))
        #expect(try answer(.levenshtein, [text("kitten"), text("sitting")], .long) == .long(3))
        #expect(try answer(.findInSet, [text("b"), text("a,b,c")], .long) == .long(2))
        #expect(try answer(.ascii, [text("é")], .int) == .int(233))
        #expect(try answer(.startsWith, [text("abc"), text("ab")], .boolean) == .boolean(true))
        #expect(try answer(.endsWith, [text("abc"), text("abcd")], .boolean) == .boolean(false))
        #expect(try answer(.contains, [text("abc"), text("bc")], .boolean) == .boolean(true))
        #expect(try answer(.regexpCount, [text("banana"), text("an")], .long) == .long(2))
        for (value, pattern, count) in [("aaa", "a*", 1), ("aba", "b*", 3), ("ab", "x*", 3)] {
            let counted = try answer(.regexpCount, [text(value), text(pattern)], .long)
            #expect(counted == .long(Int64(count)), "\(value) \(pattern)")
        }
        #expect(try answer(.regexpPosition, [text("ébanana"), text("an")], .long) == .long(3))
    }

    @Test(arguments: [
        ("abc", "abc", true), ("abc", "a%", true), ("abc", "%c", true), ("abc", "%b%", true),
        ("abc", "a_c", true),
        ("aéc", "a_c", true), ("abc", "a_", false), ("", "%", true), ("", "_", false), ("abc", "", false),
        ("a%c", "a\\%c", true), ("abc", "a\\%c", false), ("abcabc", "%bc%bc", true),
        ("abcab", "%bc%bc", false),
        ("mississippi", "%iss%ip%", true), ("aab", "%ab", true), ("xyz", "%%z", true), ("ab", "%_b", true),
    ])
    func likeMatchesWholeText(_ value: String, _ pattern: String, _ matches: Bool) throws {
        #expect(try answer(.like, [text(value), text(pattern)], .boolean) == .boolean(matches))
        #expect(try answer(.notLike, [text(value), text(pattern)], .boolean) == .boolean(!matches))
        #expect(try answer(.ilike, [text(value.uppercased()), text(pattern)], .boolean) == .boolean(matches))
    }

    @Test func regularExpressions() throws {
        #expect(try answer(.regexpLike, [text("Foo"), text("foo"), text("i")], .boolean) == .boolean(true))
        #expect(try answer(.similarTo, [text("abc"), text("(b|c)%")], .boolean) == .boolean(false))
        #expect(try answer(.similarTo, [text("abc"), text("%(b|d)%")], .boolean) == .boolean(true))
        #expect(try answer(.similarTo, [text("a.c"), text("a.c")], .boolean) == .boolean(true))
        #expect(try answer(.similarTo, [text("abc"), text("a.c")], .boolean) == .boolean(false))
        let list = DataType.list(Field("item", .string))
        #expect(
            try answer(.regexpMatch, [text("foobar"), text("(o+)(x)?")], list)
                == .list([.string("oo"), .null]))
        #expect(try answer(.regexpMatch, [text("foobar"), text("z")], list) == .null)
    }

    @Test func digestsMatchTheStandards() throws {
        func hex(_ function: ScalarFunction, _ value: String) throws -> String? {
            try shown(function, [text(value)], .binary)
        }
        #expect(
            try hex(.sha256, "abc") == "\\xba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(try hex(.sha224, "abc") == "\\x23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7")
        #expect(
            try hex(.sha512, "abc")
                == "\\xddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
        )
        #expect(try hex(.sha384, "")?.hasPrefix("\\x38b060a751ac96384cd9327eb1b1e36a") == true)
        let long = String(repeating: "a", count: 119)
        #expect(try answer(.md5, [text(long)], .string) == .string("8a7bd0732ed6a28ce75f6dabc90e1613"))
    }
}
