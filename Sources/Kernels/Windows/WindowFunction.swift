/// Every function that needs a window, by an id that plans carry; ids are never renumbered nor used again.
///
/// Aggregates over a window keep the ids of `AggregateFunction`.
package enum WindowFunction: Int32, Sendable, Hashable, CaseIterable {
    // Places in the partition; the frame does not matter.
    /// The number of the row in its partition, from 1
    case rowNumber = 1
    /// The number of the first row that sorts like this one, from 1
    case rank = 2
    /// The number of the group of rows that sort alike, from 1
    case denseRank = 3
    /// The rank less one, over the partition's rows less one; from 0 to 1
    case percentRank = 4
    /// The share of the partition's rows that sort up to this one
    case cumeDist = 5
    /// The number of the row's part when the partition is cut into so many even ones, from 1
    case ntile = 6
    /// The value so many rows before (1), else the third argument
    case lag = 7
    /// The value so many rows behind (1), else the third argument
    case lead = 8

    // Places in the frame.
    /// The value of the frame's first row
    case firstValue = 20
    /// The value of the frame's last row
    case lastValue = 21
    /// The value of the frame's row with the number given second
    case nthValue = 22

    /// The canonical spelling in SQL.
    package var name: String {
        switch self {
        case .rowNumber: "row_number"
        case .rank: "rank"
        case .denseRank: "dense_rank"
        case .percentRank: "percent_rank"
        case .cumeDist: "cume_dist"
        case .ntile: "ntile"
        case .lag: "lag"
        case .lead: "lead"
        case .firstValue: "first_value"
        case .lastValue: "last_value"
        case .nthValue: "nth_value"
        }
    }

    /// Looks at the rows of a frame, not at the whole partition.
    package var readsFrame: Bool {
        switch self {
        case .firstValue, .lastValue, .nthValue: true
        default: false
        }
    }

    /// Takes IGNORE NULLS.
    package var picksValues: Bool { readsFrame || self == .lag || self == .lead }
}
