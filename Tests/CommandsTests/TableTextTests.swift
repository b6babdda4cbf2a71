import Testing

@testable import Commands

@Suite("Text for people")
struct TableTextTests {
    @Test("a table is drawn with its numbers at the right, and speaks no control characters")
    func drawn() {
        let table = TableText(
            columns: ["name", "n"], isNumeric: [false, true], rows: [["a", "1"], ["b\u{1B}[2J", "1000"]])
        #expect(
            table.drawn()
                == """
                ┌───────┬──────┐
                │ name  │ n    │
                ├───────┼──────┤
                │ a     │    1 │
                │ b [2J │ 1000 │
                └───────┴──────┘

                """)
        #expect(table.plain() == "name\tn\na\t1\nb [2J\t1000\n")
    }

    @Test("numbers are grouped and spans rounded")
    func numbers() {
        #expect(NumberText.grouped(1_234_567) == "1,234,567" && NumberText.grouped(-12) == "-12")
        #expect(
            NumberText.duration(seconds: 0.44) == "0.4 s" && NumberText.duration(seconds: 200) == "3 min 20 s"
        )
        #expect(NumberText.bytes(512) == "512 B" && NumberText.bytes(1_500_000) == "1.5 MB")
    }
}
