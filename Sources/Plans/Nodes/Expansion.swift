package import Columnar

/// Gives every row once for each grouping set, with the keys that the set leaves out as null.
///
/// *Shapes*: gives the input's columns, the keys, then the number of the set as an int; rows times sets.
package struct Expansion: Sendable, Hashable {
    /// Over the input.
    package var keys: [Expression]
    /// Positions in `keys`, for each set.
    package var sets: [[Int]]
    /// Of the keys, then of the set's number.
    package var names: [String]

    package init(keys: [Expression], sets: [[Int]], names: [String]) {
        precondition(names.count == keys.count + 1, "every key and the set's number has a name")
        self.keys = keys
        self.sets = sets
        self.names = names
    }

    package func schema(over input: Schema) -> Schema {
        Schema(input.fields + zip(names, keys.map(\.type) + [.int]).map { Field($0, $1) })
    }

    func text(over input: Schema) -> String {
        let shown = sets.prefix(8).map { set in
            "(" + set.map { keys[$0].text(over: input) }.joined(separator: ", ") + ")"
        }
        return "Expand: sets=[" + shown.joined(separator: ", ") + (sets.count > 8 ? ", …" : "") + "]"
    }
}
