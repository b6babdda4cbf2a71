import Columnar
import Effects
import Glibc
import JSONText
import Planner
import Plans
import SQLSyntax

/// What libFuzzer calls with each input: JSON is decoded as a plan, anything else parsed, printed and planned.
///
/// Faults are answers; a trap, a hang, or a value that does not come back through its own text is a finding.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // SAFETY: libFuzzer hands over `count` readable bytes, which stay for the length of the call.
    let bytes = unsafe [UInt8](UnsafeBufferPointer(start: start, count: count))
    if bytes.first == UInt8(ascii: "{") {
        FuzzInput.decodePlan(bytes)
    } else {
        FuzzInput.readStatements(String(decoding: bytes, as: UTF8.self))
    }
    return 0
}

enum FuzzInput {
    /// Where the plans of statements are written, as inputs for the decoder; `Scripts/fuzz` asks for it once.
    /// SAFETY: what getenv gives is a string that ends, and nothing here changes the environment.
    private static let planFolder = unsafe getenv("FIRN_FUZZ_PLANS").map { unsafe String(cString: $0) }
    /// SAFETY: libFuzzer calls from one thread.
    private nonisolated(unsafe) static var planCount = 0

    static func decodePlan(_ bytes: [UInt8]) {
        guard let json = try? JSONParser.parse(bytes), let plan = try? PhysicalPlan(encoded: json) else {
            return
        }
        _ = plan.description
        _ = try? plan.check()
        checkEncoding(of: plan)
    }

    /// By their encodings: a NaN in a plan is not equal to itself.
    private static func checkEncoding(of plan: PhysicalPlan) {
        let again = try? PhysicalPlan(encoded: plan.encoded)
        precondition(
            again?.encoded == plan.encoded, "a plan came back through its encoding as another: \(plan)")
    }

    static func readStatements(_ text: String) {
        guard let statements = try? SQLParser.statements(text) else { return }
        for statement in statements {
            let printed = statement.description
            do {
                let again = try SQLParser.statement(printed)
                precondition(
                    again == statement, "a statement came back through its text as another: \(printed)")
            } catch  where error.code == .tooDeep || error.code == .tooLong {
                // Printing writes parentheses that the text did not have, and words in full.
            } catch {
                preconditionFailure("a statement's own text is not read: \(printed): \(error)")
            }
            guard case .query(let query) = statement, let plan = try? plan(query) else { continue }
            checkEncoding(of: plan)
            if let planFolder { write(plan, into: planFolder) }
        }
    }

    private static func write(_ plan: PhysicalPlan, into folder: String) {
        unsafe planCount += 1
        guard let file = unsafe fopen("\(folder)/\(unsafe planCount).json", "w") else { return }
        // SAFETY: the array outlives the call, which reads as many bytes as it has.
        let text = plan.encoded.serialized()
        _ = unsafe fwrite(text, 1, text.count, file)
        _ = unsafe fclose(file)
    }

    /// Over one table, called `clicks` in whatever namespace.
    private static func plan(_ query: QuerySyntax) throws -> PhysicalPlan {
        var tables = TableCatalogue()
        for name in Planner.tables(in: query) where name.last.text == "clicks" {
            tables[name] = SourceTable(
                warehouse: "local_lake", namespace: ["web"], name: "clicks",
                metadataLocation: "s3://lake/m.json",
                snapshotID: 7,
                fields: [
                    Field(id: 1, "id", .long, isRequired: true), Field(id: 2, "url", .string),
                    Field(id: 3, "at", .timestamptz), Field(id: 4, "price", .decimal(precision: 9, scale: 2)),
                    Field(id: 5, "tags", .list(Field(id: 6, "element", .string))),
                ])
        }
        let settings = PlannerSettings(now: Instant(microseconds: 1_769_860_800_000_000))
        return try Planner(settings: settings, parameters: []).plan(
            query, tables: tables
        ).plan
    }
}
