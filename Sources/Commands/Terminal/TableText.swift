import JSONText

/// Draws rows as a table; plain columns, separated by tabs, when nobody looks.
struct TableText {
    var columns: [String]
    /// Numbers stand at the right.
    var isNumeric: [Bool]
    var rows: [[String]]

    /// Cells longer than this are cut, with an ellipsis.
    static let cellLimit = 60

    func plain() -> String {
        ([columns] + rows).map { $0.map(Self.singleLine).joined(separator: "\t") + "\n" }.joined()
    }

    func drawn() -> String {
        let cells = rows.map { $0.map { Self.cut(Self.singleLine($0)) } }
        let widths = columns.indices.map { column in
            max(columns[column].count, cells.map { $0[column].count }.max() ?? 0)
        }
        func rule(_ left: String, _ middle: String, _ right: String) -> String {
            left + widths.map { String(repeating: "─", count: $0 + 2) }.joined(separator: middle) + right
                + "\n"
        }
        func line(_ row: [String], isHead: Bool) -> String {
            let padded = row.enumerated().map { column, cell -> String in
                let space = String(repeating: " ", count: widths[column] - cell.count)
                return isNumeric[column] && !isHead ? space + cell : cell + space
            }
            return "│ " + padded.joined(separator: " │ ") + " │\n"
        }
        return rule("┌", "┬", "┐") + line(columns, isHead: true) + rule("├", "┼", "┤")
            + cells.map { line($0, isHead: false) }.joined() + rule("└", "┴", "┘")
    }

    private static func cut(_ text: String) -> String {
        text.count > cellLimit ? text.prefix(cellLimit - 1) + "…" : text
    }

    /// Control characters would break the drawing, and could speak to the terminal.
    private static func singleLine(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            return text
        }
        return String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
    }

    /// As `cell`, but that texts of a list stand one behind the other, as people list them.
    static func listed(_ value: JSONValue?) -> String {
        guard let texts = value?.array?.map(\.string), !texts.contains(nil) else { return cell(value) }
        return texts.compactMap { $0 }.joined(separator: ", ")
    }

    /// What a JSON value looks like in a cell; null is empty.
    static func cell(_ value: JSONValue?) -> String {
        switch value {
        case nil, .null: ""
        case .string(let text): text
        case let value?: value.description
        }
    }
}
