import Columnar

/// flatten: the elements of a row's lists, one list behind the other; null lists have none.
///
/// - Nulls: null where the outer list is.
enum ListFlattening {
    static func evaluate(_ call: KernelCall) throws(KernelError) -> Column {
        let outer = call.arguments[0].flattened()
        guard case .list(let rows, let lists) = outer.values else { throw call.unsupported() }
        let inner = lists.flattened()
        guard case .list(let starts, let elements) = inner.values else { throw call.unsupported() }
        var watch = KernelWatch(call.context.supervisor)
        var places: [Int32] = []
        var offsets: [Int32] = [0]
        offsets.reserveCapacity(call.rowCount + 1)
        for row in 0..<call.rowCount {
            if !outer.isNull(row) {
                for list in Int(rows[row])..<Int(rows[row + 1]) where !inner.isNull(list) {
                    places.append(contentsOf: starts[list]..<starts[list + 1])
                    try watch.look(bytes: places.count * bytesAnElement)
                }
            }
            offsets.append(Int32(places.count))
        }
        return Column(
            call.result, count: call.rowCount, .list(offsets: offsets, element: elements.gather(places)),
            validity: outer.validity)
    }

    /// The place of an element and a number or a view of a text.
    private static let bytesAnElement = 16
}
