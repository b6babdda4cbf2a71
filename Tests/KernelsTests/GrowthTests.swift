import Columnar
import Kernels
import Synchronization
import Testing

@Suite("Functions that make more than they are given")
struct GrowthTests {
    private func evaluate(
        _ function: ScalarFunction, _ arguments: [Column], _ result: DataType,
        in context: KernelContext = .init()
    ) throws -> Column {
        try function.evaluate(arguments, rowCount: arguments[0].count, result: result, in: context)
    }

    private let longs = DataType.list(Field("element", .long))
    private let textLists = DataType.list(Field("element", .string))

    private func column(_ numbers: Int64...) -> Column { Column(.long, numbers.map { .long($0) }) }

    @Test("a list's elements are counted before they are made, those of all rows of a batch together")
    func elements() throws {
        let many = Int64(20_000_000_000)
        #expect(code { try evaluate(.arraySeries, [column(1), column(many)], longs) } == .tooLarge)
        #expect(code { try evaluate(.arrayRange, [column(.min), column(.max)], longs) } == .tooLarge)
        #expect(code { try evaluate(.arrayRepeat, [column(1), column(many)], longs) } == .tooLarge)
        let one = Column(longs, [.list([.long(1)])])
        #expect(code { try evaluate(.arrayResize, [one, column(many)], longs) } == .tooLarge)
        let row = try evaluate(.arraySeries, [column(1), column(4_000_000)], longs)
        #expect(row.count == 1 && row.byteCount > 32_000_000)
        let three = try? evaluate(
            .arraySeries, [column(1, 1, 1), column(4_000_000, 4_000_000, 4_000_000)], longs)
        #expect(three == nil)
        // As constants each row has the same list: nothing of it may be written out for all of them.
        let constant = Column.constant(.long(4_000_000), .long, count: 3)
        #expect(code { try evaluate(.arraySeries, [constant, constant, constant], longs) } == nil)
        let from = Column.constant(.long(1), .long, count: 3)
        #expect(code { try evaluate(.arraySeries, [from, constant], longs) } == .tooLarge)
        let lists = Column(longs, [.list(Array(repeating: .long(1), count: 4_000_000))])
        #expect(code { try evaluate(.arrayConcat, [lists, lists, lists], longs) } == .tooLarge)
    }

    @Test("a series is right at its ends")
    func series() throws {
        func numbers(_ bounds: Int64...) throws -> Scalar {
            try evaluate(.arraySeries, bounds.map { column($0) }, longs).scalar(at: 0)
        }
        #expect(try numbers(3) == .list([.long(0), .long(1), .long(2), .long(3)]))
        #expect(try numbers(5, 1, -2) == .list([.long(5), .long(3), .long(1)]))
        #expect(try numbers(1, 0) == .list([]))
        #expect(try numbers(.max - 1, .max) == .list([.long(.max - 1), .long(.max)]))
        let nulls = Column(.long, [.null, .long(2)])
        let rows = try evaluate(.arrayRange, [column(0, 0), nulls], longs)
        #expect(rows.scalar(at: 0) == .null && rows.scalar(at: 1) == .list([.long(0), .long(1)]))
        #expect(code { try numbers(1, 2, 0) } == .invalidArgument)
    }

    @Test("elements that share one large text are counted by its bytes")
    func sharedText() throws {
        let text = Column(.string, [.string(String(repeating: "x", count: 1 << 20))])
        #expect(code { try evaluate(.arrayRepeat, [text, column(2000)], textLists) } == .tooLarge)
        #expect(code { try evaluate(.arrayRepeat, [text, column(3)], textLists) } == nil)
    }

    @Test("a text stops where it grows beyond its limit")
    func growingTexts() throws {
        let long = Column(.string, [.string(String(repeating: "x", count: 1 << 20))])
        let x = Column(.string, [.string("x")])
        #expect(code { try evaluate(.replace, [long, x, long], .string) } == .tooLarge)
        let flags = Column(.string, [.string("g")])
        #expect(code { try evaluate(.regexpReplace, [long, x, long, flags], .string) } == .tooLarge)
        let list = Column(textLists, [.list(Array(repeating: .string("a"), count: 1000))])
        #expect(code { try evaluate(.arrayToString, [list, long], .string) } == .tooLarge)
        let parts = Array(repeating: long, count: 300)
        #expect(code { try evaluate(.concat, parts, .string) } == .tooLarge)
        #expect(code { try evaluate(.concatOperator, parts, .string) } == .tooLarge)
        #expect(code { try evaluate(.concatWithSeparator, parts, .string) } == .tooLarge)
        let wide = Column(.string, [.string("🦊")])
        #expect(code { try evaluate(.padStart, [x, column(200_000_000), wide], .string) } == .tooLarge)
        #expect(code { try evaluate(.repeated, [x, column(1 << 40)], .string) } == .tooLarge)
        let longest = try evaluate(.repeated, [x, column(200_000_000)], .string)
        #expect(try evaluate(.octetLength, [longest], .long).scalar(at: 0) == .long(200_000_000))
    }

    @Test(
        "repeating and padding give whole blocks and their rest",
        arguments: [0, 1, 2, 3, 4095, 4096, 4097, 12_289])
    func blocks(count: Int) throws {
        for part in ["x", "ab", "äö€"] {
            let text = Column(.string, [.string(part)])
            let repeated = try evaluate(.repeated, [text, column(Int64(count))], .string)
            #expect(repeated.scalar(at: 0) == .string(String(repeating: part, count: count)))
            let padded = try evaluate(
                .padStart, [Column(.string, [.string("!")]), column(Int64(count + 1)), text], .string)
            let fill = String(String(repeating: part, count: count).prefix(count))
            #expect(padded.scalar(at: 0) == .string(fill + "!"))
        }
    }

    @Test(
        "a computation ends inside a batch, and inside a row that takes long, when nobody wants it any more")
    func stops() throws {
        var context = KernelContext()
        context.supervisor = Supervisor(stopsAfter: 3)
        let rows = Column(.string, Array(repeating: .string("x"), count: 1000))
        let counts = Column(.long, Array(repeating: .long(3), count: 1000))
        #expect(code { try evaluate(.repeated, [rows, counts], .string, in: context) } == .interrupted)
        context.supervisor = Supervisor(stopsAfter: 3)
        let long = Column(.string, [.string(String(repeating: "x", count: 2000))])
        #expect(code { try evaluate(.levenshtein, [long, long], .long, in: context) } == .interrupted)
        context.supervisor = Supervisor(stopsAfter: 3)
        let list = Column(.long, Array(repeating: .long(2), count: 1000))
        #expect(code { try evaluate(.arraySeries, [list, list], longs, in: context) } == .interrupted)
    }

    @Test("functions end inside one long row when nobody wants it any more")
    func longRows() throws {
        let many = 100_000
        func text(_ part: String, _ count: Int = 1) -> Column {
            Column(.string, [.string(String(repeating: part, count: count))])
        }
        let json = Column(.json, [.string("[" + String(repeating: "1,", count: many) + "1]")])
        let list = Column(longs, [.list(Array(repeating: .long(1), count: many))])
        let numbers = Column(longs, [.list((0..<many).map { .long(Int64($0 * 7919 % many)) })])
        let lists = Array(repeating: Scalar.list([.long(1)]), count: 1000)
        let calls: [(ScalarFunction, [Column], DataType)] = [
            (.ilike, [text("a", many), text("%a_a_b")], .boolean),
            (.lower, [text("Ä", 4 * many)], .string), (.upper, [text("ä", 4 * many)], .string),
            (.reverse, [text("ä", many)], .string), (.initcap, [text("ä", many)], .string),
            (.translate, [text("a", many), text("b"), text("c")], .string),
            (.replace, [text("a", many), text("a"), text("b")], .string),
            (.splitPart, [text("a,", many), text(","), column(Int64(many))], .string),
            (.splitPart, [text("a,", many), text(","), column(-1)], .string),
            (.substringIndex, [text("a,", many), text(","), column(-1)], .string),
            (.trim, [text("a", many), text("ba")], .string),
            (.trimEnd, [text("a", many), text("éa")], .string),
            (
                .trim,
                [
                    text("a"),
                    Column(
                        .string,
                        [
                            .string(
                                String(
                                    (0..<many).map {
                                        Character(Unicode.Scalar(0x4E00 + UInt32($0 % 20000)) ?? "a")
                                    }))
                        ]),
                ], .string
            ),
            (.sha512, [text("a", 80 * many)], .binary), (.md5, [text("a", 80 * many)], .string),
            (.findInSet, [text("b"), text("a,", many)], .int),
            (.stringToArray, [text("a,", many), text(",")], textLists),
            (.regexpReplace, [text("a", many), text("a"), text("b"), text("g")], .string),
            (.regexpCount, [text("a", many), text("a")], .long),
            (.jsonLength, [json], .long), (.jsonGetArray, [json], textLists),
            (.jsonGetInteger, [json, column(-1)], .long),
            (.extractJSON, [json, text("$[*]")], textLists),
            (.arrayRepeat, [list, column(1)], .list(Field("element", longs))),
            (.arrayReverse, [list], longs),
            (.arraySort, [numbers], longs), (.arrayDistinct, [numbers], longs),
            (.arrayUnion, [numbers, list], longs), (.arrayExcept, [list, numbers], longs),
            (.arrayHasAny, [numbers, numbers], .boolean),
            (.arrayFlatten, [Column(.list(Field("element", longs)), [.list(lists)])], longs),
        ]
        for (function, arguments, result) in calls {
            var context = KernelContext()
            context.supervisor = Supervisor(stopsAfter: 3)
            #expect(
                code { try evaluate(function, arguments, result, in: context) } == .interrupted,
                "\(function)")
        }
    }

    @Test("memory is asked for before a result grows, and a refusal ends it")
    func memory() throws {
        var context = KernelContext()
        let supervisor = Supervisor(memory: 8 << 20)
        context.supervisor = supervisor
        #expect(
            code { try evaluate(.arraySeries, [column(1), column(1_000_000)], longs, in: context) }
                == .memoryExhausted)
        let small = try evaluate(.arraySeries, [column(1), column(300_000)], longs, in: context)
        #expect(small.count == 1)
        #expect(supervisor.asked.load(ordering: .relaxed) >= 2_400_000)
        let text = Column(.string, Array(repeating: .string("x"), count: 20))
        let counts = Column(.long, Array(repeating: .long(1 << 20), count: 20))
        #expect(
            code { try evaluate(.repeated, [text, counts], .string, in: context) } == .memoryExhausted)
        let parts = Column(.string, [.string(String(repeating: ",", count: 500_000))])
        let comma = Column(.string, [.string(",")])
        #expect(
            code { try evaluate(.stringToArray, [parts, comma], textLists, in: context) } == .memoryExhausted)
    }
}

/// Stops after so many questions; lends so much memory.
private final class Supervisor: KernelSupervisor {
    private let questionsLeft: Atomic<Int>
    private let memory: Int
    let asked = Atomic<Int>(0)

    init(stopsAfter questions: Int = .max, memory: Int = .max) {
        questionsLeft = Atomic(questions)
        self.memory = memory
    }

    var isStopped: Bool { questionsLeft.subtract(1, ordering: .relaxed).newValue < 0 }

    func makeHold() -> (any KernelHold)? { Hold(self, memory) }

    private final class Hold: KernelHold {
        private let owner: Supervisor
        private let limit: Int

        init(_ owner: Supervisor, _ limit: Int) {
            self.owner = owner
            self.limit = limit
        }

        func grow(to bytes: Int) -> Bool {
            owner.asked.max(bytes, ordering: .relaxed)
            return bytes <= limit
        }
    }
}
