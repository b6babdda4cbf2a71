package import Columnar

/// Which field of a struct becomes which of another: by name, exactly first, then the only one that differs in case.
///
/// A row without names, whose fields are called `c0`, `c1`, …, goes by place. No field of the source is lost; the target may have
/// fields the source lacks.
package struct FieldMatch {
    package let source: [Field]
    package let target: [Field]
    /// For each field of the target its place in the source; nil where the source lacks it.
    package let places: [Int?]

    /// Nil when the source has a field that the target lacks, or a name is not one field's own.
    package init?(_ source: [Field], to target: [Field]) {
        self.source = source
        self.target = target
        if source.count == target.count, zip(source, target).allSatisfy({ Self.isSame($0.name, $1.name) }) {
            places = Array(source.indices)
        } else if let found = Self.byName(source, target) {
            places = found
        } else if Self.isUnnamed(source), source.count == target.count {
            places = Array(source.indices)
        } else {
            return nil
        }
    }

    /// Whether the target has no field that the source lacks.
    package var isComplete: Bool { !places.contains(nil) }

    /// The target's fields that the source lacks.
    package var missing: [Field] { zip(target, places).filter { $1 == nil }.map(\.0) }

    /// Whether `test` holds for all fields that both have.
    package func allSatisfy(_ test: (_ source: DataType, _ target: DataType) -> Bool) -> Bool {
        zip(target, places).allSatisfy { field, place in
            place.map { test(source[$0].type, field.type) } ?? true
        }
    }

    /// Byte for byte: Swift's `==` takes two spellings of a letter for one.
    private static func isSame(_ left: String, _ right: String) -> Bool {
        left.utf8.elementsEqual(right.utf8)
    }

    private static func byName(_ source: [Field], _ target: [Field]) -> [Int?]? {
        let exact = Dictionary(grouping: target.indices) { target[$0].name }
        let folded = Dictionary(grouping: target.indices) { target[$0].name.lowercased() }
        var places = [Int?](repeating: nil, count: target.count)
        for (index, field) in source.enumerated() {
            let found = exact[field.name] ?? folded[field.name.lowercased()] ?? []
            guard found.count == 1, places[found[0]] == nil else { return nil }
            places[found[0]] = index
        }
        return places
    }

    /// Of a row without names, the place of the field that PostgreSQL calls `f1`, `f2`, …; nil for another name.
    package static func unnamedPlace(_ name: String, in fields: [Field]) -> Int? {
        guard isUnnamed(fields) else { return nil }
        return fields.indices.first { name.lowercased() == "f\($0 + 1)" }
    }

    /// As ROW and `struct` name their fields.
    private static func isUnnamed(_ fields: [Field]) -> Bool {
        fields.enumerated().allSatisfy { $1.name == "c\($0)" }
    }
}
