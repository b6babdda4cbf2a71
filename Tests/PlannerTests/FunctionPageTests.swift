import Foundation
import Testing

@testable import Planner

@Suite("Docs/functions.md is what the registry says")
struct FunctionPageTests {
    static let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Docs/functions.md")

    @Test("the page is up to date; UPDATE_SNAPSHOTS=1 writes it")
    func page() throws {
        if ProcessInfo.processInfo.environment["UPDATE_SNAPSHOTS"] == "1" {
            try FunctionPage.text.write(to: Self.page, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOf: Self.page, encoding: .utf8) == FunctionPage.text)
    }
}
