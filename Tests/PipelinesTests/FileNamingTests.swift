import Effects
import JSONText
import TestKit
import Testing

@testable import Pipelines

/// Where a sink's files lie and what they are called.
@Suite struct FileNamingTests {
    /// 2023-11-14T22:13:20Z.
    private let moment = Instant(microseconds: 1_700_000_000_000_000)

    @Test func aPatternMakesFoldersOfTheTimeOfReceipt() throws {
        for (pattern, folder) in [
            ("year=%Y/month=%m/day=%d", "year=2023/month=11/day=14"), ("", ""), ("%F/%H", "2023-11-14/22"),
            ("dt=%y%j/at=%H-%M-%S", "dt=23318/at=22-13-20"), ("epoch=%s", "epoch=1700000000"),
            ("100%%/%d", "100%/14"), ("plain", "plain"),
        ] {
            #expect(try TimePattern(pattern).folder(at: moment) == folder, "\(pattern)")
        }
        let first = Instant(microseconds: -1)
        #expect(try TimePattern("%F %H:%M:%S").folder(at: first) == "1969-12-31 23:59:59")
        #expect(try TimePattern("%Y/%H").unitMicroseconds == 3_600_000_000)
        #expect(try TimePattern("%M").unitMicroseconds == 60_000_000)
    }

    @Test func whatMakesNoKeyIsRefusedWithThePath() {
        for pattern in [
            "%Q", "%", "/%Y", "%Y/", "a//b", "../%Y", "%Y/.", "*", "a\u{7}",
            String(repeating: "x", count: 257),
        ] {
            let error = #expect(throws: PipelinesError.self, "\(pattern)") { _ = try TimePattern(pattern) }
            #expect(error?.code == .invalidDefinition)
            #expect(error?.context.contains { $0.value == "$.config.partitioning.time_pattern" } == true)
        }
        for config: JSONValue in [
            ["path": "a//b"], ["path": 7], ["path": "a/../b"], ["file_naming": ["strategy": "random"]],
            ["file_naming": ["prefix": "a/b"]], ["file_naming": ["suffix": "?"]], ["partitioning": "%Y"],
            ["partitioning": ["time_pattern": 1]], ["path": .string(String(repeating: "p", count: 513))],
        ] {
            #expect(throws: PipelinesError.self, "\(config)") { _ = try FilePlace(config: config) }
        }
    }

    @Test func aSinkWhoseKeysCannotExistIsRefusedAndOneAtTheLimitIsNot() throws {
        func check(_ path: Int, _ pattern: String, _ naming: JSONValue) throws {
            let config: JSONValue = [
                "path": .string(String(repeating: "p", count: path)),
                "partitioning": ["time_pattern": .string(pattern)], "file_naming": naming,
            ]
            try FilePlace(config: config).checkKeys(suffix: ".parquet")
        }
        let wide: JSONValue = [
            "prefix": .string(String(repeating: "x", count: 128)),
            "suffix": .string(String(repeating: "y", count: 127)),
        ]
        // 512 + 1 + 466 + 1 + 36 + 8 bytes are the most.
        let seconds = String(repeating: "%s", count: 46) + "tttttt"
        let refused: [(Int, String, JSONValue)] = [
            (512, String(repeating: "t", count: 256), wide), (1, String(repeating: "%F", count: 128), [:]),
            (512, seconds + "t", [:]), (512, seconds, ["strategy": "serial"]),
            (512, seconds, ["prefix": "x"]),
        ]
        for (path, pattern, naming) in refused {
            let error = #expect(throws: PipelinesError.self) { try check(path, pattern, naming) }
            #expect(error?.code == .invalidDefinition && error?.hint != nil)
        }
        for strategy: JSONValue in ["uuid", "uuid_v7", "ulid"] {
            try check(512, seconds, ["strategy": strategy])
        }
    }

    @Test func aPlaceReadsBackAsItIsWritten() throws {
        for config: JSONValue in [
            [:], ["path": "/logs/web/", "partitioning": ["time_pattern": "%Y"]],
            ["file_naming": ["prefix": "p", "suffix": "parquet", "strategy": "ulid"]],
        ] {
            let place = try FilePlace(config: config)
            #expect(try FilePlace(config: .object(place.json)) == place)
        }
        let place = try FilePlace(config: [
            "path": "/logs/web/", "partitioning": ["time_pattern": ""],
            "file_naming": ["prefix": "p", "suffix": "txt"],
        ])
        #expect(
            place.key(folder: "", fileName: place.naming.fileName("n", suffix: ".json")) == "logs/web/p-n.txt"
        )
        #expect(try FilePlace(config: [:]).key(folder: "d", fileName: "n") == "d/n")
    }

    @Test func namesAreOfTheStrategyAndDiffer() throws {
        let randomness = SeededRandomness(seed: 3)
        func names(_ strategy: FileNaming.Strategy) -> [String] {
            var naming = FileNaming()
            naming.strategy = strategy
            return (0..<50).map {
                naming.uniqueName(
                    at: Instant(microseconds: moment.microseconds + $0 * 1000), from: randomness)
            }
        }
        let random = names(.uuid)
        #expect(Set(random).count == 50 && random.allSatisfy { $0.count == 36 && Array($0)[14] == "4" })
        let ordered = names(.uuidV7)
        #expect(ordered == ordered.sorted() && ordered.allSatisfy { Array($0)[14] == "7" })
        let short = names(.ulid)
        #expect(short == short.sorted() && Set(short).count == 50 && short.allSatisfy { $0.count == 26 })
        // 1,700,000,000,000 ms in base 32.
        #expect(short[0].hasPrefix("01HF7YAT00"))
        #expect(FileNaming.serialName(17, writer: 3) == "00017-003")
        #expect(FileNaming.serialName(123_456, writer: 1000) == "123456-1000")
    }
}
