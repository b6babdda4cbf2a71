/// How an object made of parts was cut, as kept with it: `5242880*3,100` is three parts of 5 MiB and one of 100 bytes.
struct PartSizes: Equatable {
    /// The field of the object's metadata; never shown.
    static let field = "firn-part-sizes"

    private(set) var runs: [(size: Int64, count: Int)] = []

    init(_ sizes: [Int64]) {
        for size in sizes {
            if runs.last?.size == size {
                runs[runs.count - 1].count += 1
            } else {
                runs.append((size, 1))
            }
        }
    }

    /// Nil for text that is none of ours.
    init?(_ text: String) {
        for run in text.split(separator: ",") {
            let parts = run.split(separator: "*", maxSplits: 1, omittingEmptySubsequences: false)
            guard let size = Int64(parts[0]), let count = parts.count == 2 ? Int(parts[1]) : 1, count > 0
            else {
                return nil
            }
            runs.append((size, count))
        }
    }

    var text: String {
        runs.map { $0.count == 1 ? "\($0.size)" : "\($0.size)*\($0.count)" }.joined(separator: ",")
    }

    var count: Int { runs.reduce(0) { $0 + $1.count } }

    /// The bytes of a part, counted from one; nil when there is none.
    func range(of number: Int) -> Range<Int64>? {
        var offset: Int64 = 0
        var left = number - 1
        for run in runs {
            if left < run.count {
                let start = offset + Int64(left) * run.size
                return start..<start + run.size
            }
            offset += Int64(run.count) * run.size
            left -= run.count
        }
        return nil
    }

    static func == (left: PartSizes, right: PartSizes) -> Bool { left.text == right.text }
}
