import Columnar

/// Maps from lists, and lists from maps.
enum MapFunctions {
    static func evaluate(_ call: KernelCall) throws(KernelError) -> Column {
        let arguments = call.arguments
        return try call.rows.scalars(call.result) { row throws(KernelError) in
            if call.function == .mapEntries {
                guard case .map(let pairs) = arguments[0].scalar(at: row) else { return .null }
                return .list(pairs.map { .structure([$0.key, $0.value]) })
            }
            guard case .list(let keys) = arguments[0].scalar(at: row),
                case .list(let values) = arguments[1].scalar(at: row)
            else { return .null }
            guard keys.count == values.count else {
                throw KernelError(
                    .invalidArgument, "a map has as many values as keys",
                    ["keys": keys.count, "values": values.count])
            }
            guard !keys.contains(where: \.isNull), Set(keys).count == keys.count else {
                throw KernelError(.invalidArgument, "the keys of a map are not null and each there once")
            }
            return .map(zip(keys, values).map { ScalarPair($0, $1) })
        }
    }
}
