import Columnar

/// extract_json and extract_json_string: every value that a JSONPath names, or the first one as text.
///
///     $.user.tags[0]   $['user']["tags"][*]   $.user.*
///
/// - Nulls: no match gives an empty list, of text null; text that is no JSON matches nothing.
/// - Source: RFC 9535 without filters, slices and descendants.
enum JSONPath {
    private enum Step {
        case one(JSONScanner.Step)
        case all
    }

    static func evaluate(_ call: KernelCall) throws(KernelError) -> Column {
        let (documents, paths) = (try call.text(0), try call.text(1))
        let fixed = try call.constantText(1).map { text throws(KernelError) in try steps(text) }
        var watch = StepWatch(call.context.supervisor)
        if call.function == .extractJSON {
            return try TextLists.column(call, validity: call.validity) { row, lists throws(KernelError) in
                let path = if let fixed { fixed } else { try steps(paths.string(at: row)) }
                try documents.withBytes(at: row) { bytes throws(KernelError) in
                    for range in try find(path, in: bytes, &watch) {
                        try lists.append(bytes.extracting(range))
                    }
                }
                return true
            }
        }
        return try call.rows.text(call.result) { row, buffer throws(KernelError) in
            let path = if let fixed { fixed } else { try steps(paths.string(at: row)) }
            let isFound = try documents.withBytes(at: row) { bytes throws(KernelError) -> Bool in
                guard let range = try find(path, in: bytes, &watch).first else { return false }
                // JSON's null is null, as in json_as_text.
                if bytes[range.lowerBound] == UInt8(ascii: "n") { return false }
                if bytes[range.lowerBound] == UInt8(ascii: "\"") {
                    guard let text = JSONScanner.unescaped(bytes, range) else { return false }
                    buffer += Array(text.utf8)
                } else {
                    buffer.append(copying: bytes.extracting(range))
                }
                return true
            }
            return isFound || call.context.missingJSONIsDefault
        }
    }

    private static func find(
        _ path: [Step], in text: Span<UInt8>, _ watch: inout StepWatch
    ) throws(KernelError) -> [Range<Int>] {
        var found = try JSONScanner.find([], in: text, &watch).map { [$0] } ?? []
        for step in path {
            var next: [Range<Int>] = []
            for range in found {
                switch step {
                case .all:
                    let before = next.count
                    let isWhole = try JSONScanner.forEachChild(text, range.lowerBound, &watch) {
                        child throws(KernelError) in
                        try RowPlan.check(elements: next.count + 1)
                        next.append(child)
                    }
                    if !isWhole { next.removeSubrange(before...) }
                case .one(let one):
                    let inner = try JSONScanner.find([one], in: text.extracting(range), &watch)
                    guard let inner else { continue }
                    next.append(inner.lowerBound + range.lowerBound..<inner.upperBound + range.lowerBound)
                }
            }
            found = next
        }
        return found
    }

    /// - Errors: `invalidPattern` for what this build does not read.
    private static func steps(_ text: String) throws(KernelError) -> [Step] {
        var rest = Substring(text).unicodeScalars
        func invalid() -> KernelError {
            KernelError(
                .invalidPattern, "this is no JSONPath such as $.a[0]['b'][*]",
                ["path": text, "from": String(rest)])
        }
        guard rest.first == "$" else { throw invalid() }
        rest.removeFirst()
        var steps: [Step] = []
        while let sign = rest.first {
            if sign == "." {
                let name = rest.dropFirst().prefix { $0 != "." && $0 != "[" }
                guard !name.isEmpty else { throw invalid() }
                steps.append(name.elementsEqual(["*"]) ? .all : .one(.name(Array(String(name).utf8))))
                rest = rest.dropFirst(name.count + 1)
                continue
            }
            guard sign == "[" else { throw invalid() }
            let first = rest.dropFirst().first
            if let quote = first, quote == "'" || quote == "\"" {
                let name = rest.dropFirst(2).prefix { $0 != quote }
                guard rest.dropFirst(2 + name.count).starts(with: [quote, "]"]) else { throw invalid() }
                steps.append(.one(.name(Array(String(name).utf8))))
                rest = rest.dropFirst(name.count + 4)
                continue
            }
            let inner = rest.dropFirst().prefix { $0 != "]" }
            guard rest.dropFirst(inner.count + 1).first == "]" else { throw invalid() }
            if inner.elementsEqual(["*"]) {
                steps.append(.all)
            } else if let index = Int(String(inner)), index >= 0 {
                steps.append(.one(.index(index)))
            } else {
                throw invalid()
            }
            rest = rest.dropFirst(inner.count + 2)
        }
        return steps
    }
}
