import Columnar

extension Column {
    /// The values with one form for all that are equal: both zeros, and a month and its 30 days, also inside of nested values.
    var equalForm: Column {
        let column = flattened()
        func with(_ values: ColumnValues) -> Column {
            Column(type, count: count, values, validity: column.validity)
        }
        switch column.values {
        case .float(let items): return with(.float(items.map { $0 == 0 ? 0 : $0 }))
        case .double(let items): return with(.double(items.map { $0 == 0 ? 0 : $0 }))
        case .interval(let items): return with(.interval(items.map(\.equalForm)))
        case .list(let offsets, let element): return with(.list(offsets: offsets, element: element.equalForm))
        case .map(let offsets, let keys, let values):
            return with(.map(offsets: offsets, keys: keys.equalForm, values: values.equalForm))
        case .structure(let parts): return with(.structure(parts.map(\.equalForm)))
        default: return column
        }
    }
}

extension Interval {
    /// As many months of 30 days as there are, then days and time; one beyond all months is left as it is.
    fileprivate var equalForm: Interval {
        let perDay = Int128(86_400_000_000)
        let (days, time) = approximateMicroseconds.quotientAndRemainder(dividingBy: perDay)
        guard let months = Int32(exactly: days / 30) else { return self }
        return Interval(months: months, days: Int32(days % 30), microseconds: Int64(time))
    }
}
