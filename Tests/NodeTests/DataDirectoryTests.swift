import Faults
import Foundation
import TestKit
import Testing

@testable import Node

@Suite("Data directory")
struct DataDirectoryTests {
    private func code(_ path: String) -> NodeError.Code? {
        do throws(NodeError) {
            _ = try DataDirectory(opening: path)
            return nil
        } catch {
            return error.code
        }
    }

    @Test("one process at a time owns it, and the other learns which")
    func isOwned() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/a/b"
        do {
            let owner = try DataDirectory(opening: path)
            do throws(NodeError) {
                _ = try DataDirectory(opening: path)
                Issue.record("a second owner")
            } catch {
                #expect(error.code == .directoryInUse)
                #expect(error.message.contains("in use") && error.message.contains("\(getpid())"))
            }
            #expect(owner.path == path)
        }
        #expect(code(path) == nil)
    }

    @Test("every directory that is made is named durably in the one around it")
    func makesDurably() throws {
        let directory = try TemporaryDirectory()
        let top = URL(filePath: directory.path).standardizedFileURL.path
        let path = top + "/a/b/c"
        #expect(try DurableFile.createDirectories(path, isNew: true) == [top, top + "/a", top + "/a/b"])
        #expect(try DurableFile.createDirectories(path, isNew: false) == [])
        #expect(try DurableFile.createDirectories(path + "/", isNew: true) == [top + "/a/b"])
        try Data().write(to: URL(filePath: top + "/file"))
        #expect(throws: NodeError.self) { try DurableFile.createDirectories(top + "/file/d", isNew: true) }
    }

    @Test("what a newer version wrote is refused, what nobody wrote too")
    func versions() throws {
        let directory = try TemporaryDirectory()
        #expect(code(directory.path) == nil)
        let file = directory.path + "/version.json"
        let text = try String(contentsOfFile: file, encoding: .utf8)
        #expect(text == "{\"format\":\"firn data directory\",\"version\":1}\n")
        try text.replacing("1", with: "999").write(toFile: file, atomically: true, encoding: .utf8)
        #expect(code(directory.path) == .directoryNewer)
        for damaged in ["", "{", "{}", "{\"format\":\"firn data directory\",\"version\":0}", "7"] {
            try damaged.write(toFile: file, atomically: true, encoding: .utf8)
            #expect(code(directory.path) == .directoryDamaged, "\(damaged)")
        }
    }

    @Test("a directory with somebody else's files is left alone")
    func foreign() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path
        try Data().write(to: URL(filePath: path + "/thesis.tex"))
        #expect(code(path) == .directoryForeign)
        #expect(try FileManager.default.contentsOfDirectory(atPath: path) == ["thesis.tex"])
        try FileManager.default.removeItem(atPath: path + "/thesis.tex")
        // What a start leaves that was killed, or a file system, or a person.
        for name in ["lock", "version.json.new", "lost+found", ".keep", "streams"] {
            try Data().write(to: URL(filePath: path + "/" + name))
        }
        #expect(code(path) == nil)
        // Once it is ours nobody asks.
        try Data().write(to: URL(filePath: path + "/notes.txt"))
        #expect(code(path) == nil)
    }

    @Test("a path that is no directory is refused")
    func noDirectory() throws {
        let directory = try TemporaryDirectory()
        let file = directory.path + "/file"
        try "x".write(toFile: file, atomically: true, encoding: .utf8)
        #expect(code(file) == .directoryUnusable)
        #expect(code(file + "/below") == .directoryUnusable)
    }
}
