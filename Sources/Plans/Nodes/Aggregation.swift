package import Columnar

/// Groups rows and folds each group.
///
/// *Shapes*: gives the keys, then one column per call. Without keys there is exactly one group, also for no rows.
package struct Aggregation: Sendable, Hashable {
    /// How much of the work is done here.
    package enum Phase: String, Sendable, Hashable, CaseIterable {
        /// Rows in, answers out.
        case single
        /// Rows in, one binary column of state per call out.
        case partial
        /// Keys and states of partial aggregations in, answers out.
        case final
    }

    package var phase: Phase
    /// Over the input.
    package var keys: [Expression]
    package var calls: [AggregateCall]
    /// Names of the keys, then of the calls.
    package var names: [String]
    /// What to give when there is no group, as wide as the schema: an empty grouping set is a group also without rows.
    package var rowsIfEmpty: [[Scalar]] = []

    package init(phase: Phase = .single, keys: [Expression], calls: [AggregateCall], names: [String]) {
        precondition(names.count == keys.count + calls.count, "every key and call has a name")
        self.phase = phase
        self.keys = keys
        self.calls = calls
        self.names = names
    }

    package var schema: Schema {
        let types = keys.map(\.type) + calls.map { phase == .partial ? .binary : $0.type }
        return Schema(zip(names, types).map { Field($0, $1) })
    }
}
