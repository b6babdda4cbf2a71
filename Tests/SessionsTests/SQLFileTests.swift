import Faults
import Planner
import Testing

@testable import Sessions

@Suite("SQL files")
struct SQLFileTests {
    enum Way: String, CaseIterable, CustomTestStringConvertible {
        case plain, oneRowBatches, noPasses, spillEverything, encodedPlans
        var testDescription: String { rawValue }
    }

    @Test("every record gives its answer", arguments: SQLFile.names, Way.allCases)
    func files(name: String, way: Way) async throws {
        let fixture = try await SessionFixture(
            batchRows: way == .oneRowBatches ? 1 : .max,
            disabledPasses: way == .noPasses ? Optimizer.passNames : [],
            spillsEverything: way == .spillEverything, sendsPlans: way == .encodedPlans)
        for record in try SQLFile(named: name).records {
            let place = Comment(rawValue: "\(name):\(record.line)\n\(record.sql)")
            do {
                let rows = try await fixture.texts(record.sql, null: "NULL")
                switch record.expectation {
                case .ok: break
                case .fault(let code): Issue.record("no fault \(code): \(place)")
                case .rows(let wanted, let isSorted):
                    if isSorted {
                        #expect(rows.sorted() == wanted.sorted(), place)
                    } else {
                        #expect(rows == wanted, place)
                    }
                }
            } catch let fault as any Fault {
                guard case .fault(let code) = record.expectation else {
                    Issue.record("\(fault.description): \(place)")
                    continue
                }
                #expect("\(fault.code.rawValue)" == code, place)
            }
        }
    }

    @Test("there are files")
    func found() { #expect(SQLFile.names.count >= 6) }
}
