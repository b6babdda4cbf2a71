import Blobs
import Effects
import Testing

@Suite("SortedKeys")
struct SortedKeysTests {
    @Test("behaves like a dictionary that is sorted when asked", arguments: 1...8)
    func property(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var keys = SortedKeys<Int>()
        var model: [ObjectKey: Int] = [:]
        for step in 0..<6000 {
            let key = ObjectKey("\(generator.next() % 2500)")
            if generator.next() % 3 == 0 {
                keys[key] = nil
                model[key] = nil
            } else {
                keys[key] = step
                model[key] = step
            }
        }
        #expect(keys.count == model.count)
        var seen: [ObjectKey] = []
        keys.forEach { key, value in
            seen.append(key)
            return model[key] == value
        }
        #expect(seen == model.keys.sorted())
        for _ in 0..<100 {
            let start = ObjectKey("\(generator.next() % 2500)")
            #expect(keys.first(from: start).map { keys[$0].key } == seen.first { $0 >= start })
            #expect(keys[start] == model[start])
        }
    }

    @Test("a listing with a delimiter is the one a plain scan gives, page by page", arguments: 1...12)
    func listing(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var keys = SortedKeys<Int>()
        for index in 0..<300 {
            let bytes = (0...Int(generator.next() % 6)).map { _ in
                [0x2F, 0x61, 0x62, 0xFF][Int(generator.next() % 4)]
            }
            keys[ObjectKey(bytes: bytes.map { UInt8($0) })] = index
        }
        for text in ["", "a", "a/", "b"] {
            let prefix = ObjectKey(text)
            var expected: [ObjectKey] = []
            keys.forEach { key, _ in
                guard key.hasPrefix(prefix) else { return true }
                let rest = key.bytes[prefix.bytes.count...]
                let end = rest.firstIndex(of: 0x2F).map { $0 + 1 } ?? key.bytes.count
                let item = ObjectKey(bytes: Array(key.bytes[..<end]))
                if expected.last != item { expected.append(item) }
                return true
            }
            for limit in [1, 3, 1000] {
                var found: [ObjectKey] = []
                while true {
                    let page = keys.list(
                        prefix: prefix, delimiter: ObjectKey("/"), after: found.last, limit: limit)
                    found += page.items.map { $0.name }
                    guard page.isTruncated, found.count <= expected.count else { break }
                }
                #expect(found == expected, "prefix \(text), limit \(limit)")
            }
        }
    }

    @Test("keys compare as bytes, and prefixes end where the last byte can grow")
    func order() {
        #expect(ObjectKey("é") != ObjectKey("e\u{301}"))
        #expect(ObjectKey("a") < ObjectKey("a/b") && ObjectKey("Z") < ObjectKey("a"))
        #expect(ObjectKey(bytes: [0x61, 0xFF]).prefixEnd == ObjectKey("b"))
        #expect(ObjectKey(bytes: [0xFF, 0xFF]).prefixEnd == nil && ObjectKey("").prefixEnd == nil)
        #expect(ObjectKey("a").successor > ObjectKey("a"))
    }
}
