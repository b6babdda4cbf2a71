import Columnar
import Execution
import Kernels
import Plans
import Testing

struct EvaluatorTests {
    let batch = Batch(
        schema: Schema([Field("a", .int), Field("b", .int)]),
        columns: [
            Column(.int, [.int(0), .int(1), .null, .int(3)]),
            Column(.int, [.int(10), .int(20), .int(30), .null]),
        ],
        rowCount: 4)
    let evaluator = ExpressionEvaluator()
    let a = column(0, .int)
    let b = column(1, .int)

    private var quotient: Expression { call(.divide, [b, a], .int) }

    @Test func aCaseLooksOnlyWhereItMust() throws {
        let guarded = Expression.caseWhen(
            [CaseBranch(condition: call(.notEqual, [a, literal(0)], .boolean), value: quotient)],
            otherwise: literal(-1), .int)
        #expect(
            try evaluator.evaluate(guarded, over: batch).scalars == [.int(-1), .int(20), .int(-1), .null])
        let open = Expression.caseWhen(
            [CaseBranch(condition: call(.equal, [a, literal(1)], .boolean), value: literal(7))],
            otherwise: nil, .int)
        #expect(try evaluator.evaluate(open, over: batch).scalars == [.null, .int(7), .null, .null])
    }

    @Test func aFaultInABranchNamesTheRowOfTheBatch() throws {
        let branch = Expression.caseWhen(
            [CaseBranch(condition: call(.isNull, [a], .boolean), value: literal(0))],
            otherwise: call(.divide, [literal(1), call(.subtract, [a, literal(3)], .int)], .int), .int)
        do {
            _ = try evaluator.evaluate(branch, over: batch)
            Issue.record("no error")
        } catch {
            #expect(error.code == .divisionByZero && error.row == 3)
        }
        #expect(throws: KernelError.self) { try evaluator.evaluate(quotient, over: batch) }
    }

    @Test func laterTermsDoNotFailWhereEarlierOnesDecided() throws {
        let positive = call(.notEqual, [a, literal(0)], .boolean)
        let large = call(.greater, [quotient, literal(5)], .boolean)
        #expect(
            try evaluator.evaluate(call(.and, [positive, large], .boolean), over: batch).scalars
                == [.boolean(false), .boolean(true), .null, .null])
        let isZero = call(.equal, [a, literal(0)], .boolean)
        #expect(
            try evaluator.evaluate(call(.or, [isZero, large], .boolean), over: batch).scalars
                == [.boolean(true), .boolean(true), .null, .null])
        #expect(
            try evaluator.filter(batch, where: call(.and, [positive, large], .boolean))?.rows == [
                [.int(1), .int(20)]
            ])
        let first = call(.coalesce, [a, quotient], .int)
        #expect(try evaluator.evaluate(first, over: batch).scalars == [.int(0), .int(1), .null, .int(3)])
    }

    @Test func selectionsAreSeenThrough() throws {
        let chosen = batch.selecting([1, 3])
        #expect(
            try evaluator.evaluate(call(.add, [a, literal(1)], .int), over: chosen).scalars == [
                .int(2), .int(4),
            ])
        let kept = try evaluator.filter(chosen, where: call(.greater, [a, literal(1)], .boolean))
        #expect(kept?.selection == [3] && kept?.rowCount == 1)
        let none = try evaluator.filter(chosen, where: call(.less, [a, literal(0)], .boolean))
        #expect(none?.rowCount == nil)
        let list = Expression.inList(a, [.int(3), .int(9)], isNegated: false)
        #expect(try evaluator.evaluate(list, over: chosen).scalars == [.boolean(false), .boolean(true)])
    }
}
