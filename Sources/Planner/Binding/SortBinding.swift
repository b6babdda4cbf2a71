import Columnar
import Plans
import SQLSyntax

/// ORDER BY: its keys as columns of a projection that has the select items, then the keys that are none of them.
struct SortBinding {
    /// Select items, then hidden keys; rewritten by the caller when there are groups.
    var values: [Expression]
    private(set) var names: [String]
    /// Over `values`.
    private(set) var keys: [SortKey] = []
    /// Where the first key stands that is no select item.
    private(set) var firstHidden: TextPosition?

    init(_ list: SelectItems, _ order: [OrderSyntax], binder: inout ExpressionBinder) throws(PlannerError) {
        values = list.items.map(\.value)
        names = list.items.map(\.name)
        for element in order {
            if element.isEveryColumn {
                for index in list.items.indices { append(index, element) }
                continue
            }
            append(try place(of: element.value, list, clause: "ORDER BY", binder: &binder), element)
        }
    }

    private mutating func append(_ index: Int, _ element: OrderSyntax) {
        keys.append(
            SortKey(
                .column(index, values[index].type), isDescending: element.isDescending,
                nullsFirst: element.nullsFirst))
    }

    /// A position, else a select item's name, else an expression.
    mutating func place(
        of syntax: ExpressionSyntax, _ list: SelectItems, clause: String, binder: inout ExpressionBinder
    ) throws(PlannerError) -> Int {
        if let index = try SelectBinding.position(syntax, in: list.items.count, clause: clause) {
            return index
        }
        if case .name(let name) = syntax.uncollated.kind, name.parts.count == 1 {
            let named = NameMatch.find(name.last.text, among: list.items.map(\.name))
            if case .found(let index) = named {
                if case .collated = syntax.kind {
                    try ExpressionBinder.requireCollatable(values[index], at: syntax.position)
                }
                return index
            }
        }
        let value = try binder.bind(syntax)
        if let known = values.firstIndex(of: value) { return known }
        if firstHidden == nil { firstHidden = syntax.position }
        values.append(value)
        names.append(syntax.columnName)
        return values.count - 1
    }
}
