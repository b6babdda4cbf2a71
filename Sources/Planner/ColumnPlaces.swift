import SQLSyntax

/// Where the columns that an INSERT writes stand in its text: in its list of columns, else in its first SELECT.
enum ColumnPlaces {
    /// One for each of `count` columns. What a `*` brings stands where the star does.
    static func find(in insert: InsertSyntax, count: Int) -> [TextPosition] {
        if insert.columns.count == count { return insert.columns.map(\.position) }
        guard let items = firstSelect(insert.source.body)?.items else {
            return Array(repeating: insert.source.position, count: count)
        }
        let places = items.map { $0.alias?.position ?? $0.value.position }
        let stars = items.indices.filter { if case .star = items[$0].value.kind { true } else { false } }
        if stars.isEmpty, places.count == count { return places }
        guard stars.count == 1, count >= items.count - 1 else {
            return Array(repeating: places.first ?? insert.source.position, count: count)
        }
        let star = stars[0]
        return places[..<star] + Array(repeating: places[star], count: count - items.count + 1)
            + places[(star + 1)...]
    }

    private static func firstSelect(_ body: QueryBodySyntax) -> SelectSyntax? {
        switch body {
        case .select(let select): select
        case .combined(_, _, let first, _): firstSelect(first)
        case .query(let query): firstSelect(query.body)
        case .values: nil
        }
    }

    /// The first column whose name one before it has, as a table tells names apart: by their bytes.
    static func repeated(_ names: [String]) -> Int? {
        var known: Set<[UInt8]> = []
        return names.firstIndex { !known.insert(Array($0.utf8)).inserted }
    }
}
