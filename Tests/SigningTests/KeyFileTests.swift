import Effects
import Foundation
import Signing
import TestKit
import Testing

@Suite("KeyFile")
struct KeyFileTests {
    let directory = FileManager.default.temporaryDirectory
        .appending(path: "firn-key-\(UniqueID.random(from: LiveRandomness()))").path
    var path: String { directory + "/key" }

    init() throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    @Test("the second start finds the key of the first, readable by the owner only")
    func isCreatedOnce() throws {
        defer { removeDirectory() }
        let first = try KeyFile.loadOrCreate(path: path, randomness: SeededRandomness(seed: 1))
        let second = try KeyFile.loadOrCreate(path: path, randomness: SeededRandomness(seed: 2))
        let sealed = first.seal([1, 2, 3], context: "token", randomness: SeededRandomness(seed: 3))
        #expect(try second.open(sealed, context: "token") == [1, 2, 3])
        #expect(first.bearerHash("secret") == second.bearerHash("secret"))
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["key"])
    }

    @Test("a key others may read, or of another size, is refused")
    func refuses() throws {
        defer { removeDirectory() }
        _ = try KeyFile.loadOrCreate(path: path, randomness: SeededRandomness(seed: 1))
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        #expect(throws: SigningError.self) {
            try KeyFile.loadOrCreate(path: path, randomness: LiveRandomness())
        }
        try Data(count: 31).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        #expect(throws: SigningError.self) {
            try KeyFile.loadOrCreate(path: path, randomness: LiveRandomness())
        }
    }

    @Test("a sealed secret opens only whole, with its context and its key")
    func sealIsBinding() throws {
        defer { removeDirectory() }
        let key = KeyFile(key: [UInt8](repeating: 7, count: 32))
        let sealed = key.seal(Array("secret".utf8), context: "a", randomness: SeededRandomness(seed: 3))
        #expect(try key.open(sealed, context: "a") == Array("secret".utf8))
        #expect(throws: SigningError.self) { try key.open(sealed, context: "b") }
        for index in sealed.indices {
            var changed = sealed
            changed[index] ^= 1
            #expect(throws: SigningError.self) { try key.open(changed, context: "a") }
            #expect(throws: SigningError.self) { try key.open(Array(sealed[..<index]), context: "a") }
        }
        let other = KeyFile(key: [UInt8](repeating: 8, count: 32))
        #expect(throws: SigningError.self) { try other.open(sealed, context: "a") }
        #expect(key.seal([], context: "", randomness: SeededRandomness(seed: 3)).count == 29)
    }

    private func removeDirectory() {
        do { try FileManager.default.removeItem(atPath: directory) } catch { Issue.record(error) }
    }
}
