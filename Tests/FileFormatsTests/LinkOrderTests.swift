import CArrowParquet
import CSimdjson
import Foundation
import Testing

/// libparquet exports a simdjson and an OpenSSL of its own, without versions: what it would shadow must be found first.
@Suite("Linked libraries")
struct LinkOrderTests {
    /// What this program names as needed, in the order in which symbols are looked up.
    ///
    /// Source: System V ABI, "Object Files" and "Dynamic Linking"; 64 bits, little-endian.
    static func neededLibraries() throws -> [String] {
        let bytes = Array(
            try Data(contentsOf: URL(fileURLWithPath: "/proc/self/exe"), options: .alwaysMapped))
        func number(_ position: Int, _ width: Int) -> Int {
            (0..<width).reduce(0) { $0 | Int(bytes[position + $1]) << (8 * $1) }
        }
        let table = number(40, 8)
        let sections = (0..<number(60, 2)).map { table + $0 * number(58, 2) }
        guard let dynamic = sections.first(where: { number($0 + 4, 4) == 6 }) else { return [] }
        let strings = number(sections[number(dynamic + 40, 4)] + 24, 8)
        let start = number(dynamic + 24, 8)
        return stride(from: start, to: start + number(dynamic + 32, 8), by: 16).compactMap { entry in
            guard number(entry, 8) == 1 else { return nil }
            let name = bytes[(strings + number(entry + 8, 8))...].prefix { $0 != 0 }
            return String(decoding: name, as: UTF8.self)
        }
    }

    @Test("of Arrow only arrow and parquet are linked, behind simdjson")
    func order() throws {
        // Both are called, so that a linker that drops unused libraries keeps them.
        #expect(unsafe String(cString: firn_arrow_version()).hasPrefix("26."))
        #expect(unsafe !String(cString: firn_json_kernel()).isEmpty)
        let names = try Self.neededLibraries()
        let arrow = names.filter { $0.hasPrefix("libarrow") || $0.hasPrefix("libparquet") }
        #expect(Set(arrow.map { $0.prefix { $0 != "." } }) == ["libarrow", "libparquet"])
        let simdjson = try #require(names.firstIndex { $0.hasPrefix("libsimdjson") })
        let parquet = try #require(names.firstIndex { $0.hasPrefix("libparquet") })
        #expect(simdjson < parquet)
    }
}
