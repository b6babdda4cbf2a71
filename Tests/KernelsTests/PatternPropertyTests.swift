import Columnar
import Effects
import JSONText
import Kernels
import Testing

/// Patterns and paths against plain models, over seeds.
struct PatternPropertyTests {
    /// LIKE as its definition reads, by recursion.
    private func like(_ text: ArraySlice<Character>, _ pattern: ArraySlice<Character>) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        switch first {
        case "%": return like(text, pattern.dropFirst()) || (!text.isEmpty && like(text.dropFirst(), pattern))
        case "_": return !text.isEmpty && like(text.dropFirst(), pattern.dropFirst())
        default: return text.first == first && like(text.dropFirst(), pattern.dropFirst())
        }
    }

    @Test(arguments: [UInt64](1...8))
    func likeIsItsDefinition(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        func word(_ alphabet: [Character], _ longest: Int) -> [Character] {
            (0..<Int.random(in: 0...longest, using: &generator)).map { _ in
                alphabet.randomElement(using: &generator) ?? "a"
            }
        }
        for _ in 0..<300 {
            let value = word(["a", "b", "é"], 8)
            let pattern = word(["a", "b", "é", "%", "%", "_"], 6)
            let expected = like(value[...], pattern[...])
            let got = try ScalarFunction.like.evaluate(
                [Column(.string, [.string(String(value))]), Column(.string, [.string(String(pattern))])],
                rowCount: 1,
                result: .boolean)
            #expect(got.scalar(at: 0) == .boolean(expected), "\(String(value)) like \(String(pattern))")
            let constant = try ScalarFunction.like.evaluate(
                [
                    Column(.string, [.string(String(value))]),
                    .constant(.string(String(pattern)), .string, count: 1),
                ],
                rowCount: 1, result: .boolean)
            #expect(constant.scalar(at: 0) == .boolean(expected))
        }
    }

    private func document(_ depth: Int, _ generator: inout SeededGenerator) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 8 : 5), using: &generator) {
        case 0: return .null
        case 1: return .boolean(Bool.random(using: &generator))
        case 2: return .integer(Int64.random(in: -5...5, using: &generator))
        case 3, 4:
            return .string(["", "x", "q\"uo\\te", "ü\n{[", "]}"].randomElement(using: &generator) ?? "")
        case 5, 6:
            var object = JSONObject()
            for name in ["a", "b", "c\"d", "é"] where Bool.random(using: &generator) {
                object[name] = document(depth - 1, &generator)
            }
            return .object(object)
        default:
            return .array(
                (0..<Int.random(in: 0..<4, using: &generator)).map { _ in document(depth - 1, &generator) })
        }
    }

    @Test(arguments: [UInt64](1...8))
    func pathsFindWhatAParserFinds(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for round in 0..<200 {
            let value = document(3, &generator)
            let text = String(decoding: value.serialized(indent: round % 2 == 0 ? 2 : nil), as: UTF8.self)
            var path: [Value] = [json(text)]
            var expected: JSONValue? = value
            for _ in 0..<Int.random(in: 0..<3, using: &generator) {
                if Bool.random(using: &generator) {
                    let name = ["a", "b", "c\"d", "é", "zz"].randomElement(using: &generator) ?? "a"
                    path.append(Value(scalar: .string(name), type: .string))
                    expected = expected?.object?[name]
                } else {
                    let index = Int64.random(in: 0..<3, using: &generator)
                    path.append(long(index))
                    let elements = expected?.array ?? []
                    expected = Int(index) < elements.count ? elements[Int(index)] : JSONValue?.none
                }
            }
            let got = try answer(.jsonGetJSON, path, .string)
            if case .string(let found) = got {
                #expect(try JSONParser.parse(found) == expected, "\(text) \(path.dropFirst().map(\.scalar))")
            } else {
                #expect(expected == nil, "\(text) \(path.dropFirst().map(\.scalar))")
            }
            let size = try answer(.jsonLength, path, .long)
            let children = expected?.array?.count ?? expected?.object?.count
            #expect(size == (children.map { .long(Int64($0)) } ?? .null), "\(text)")
        }
    }
}
