/// One page of a listing with a delimiter: keys, and the prefixes that stand for groups of keys.
package struct KeyListing<Value> {
    package enum Item {
        case key(ObjectKey, Value)
        case commonPrefix(ObjectKey)

        /// What the next page starts behind.
        package var name: ObjectKey {
            switch self {
            case .key(let key, _): key
            case .commonPrefix(let prefix): prefix
            }
        }
    }

    /// In byte order.
    package var items: [Item]
    package var isTruncated: Bool

    package init(items: [Item], isTruncated: Bool) {
        self.items = items
        self.isTruncated = isTruncated
    }
}

extension SortedKeys {
    /// Lists keys that begin with `prefix` and sort after `after`; a key with `delimiter` behind the prefix shows as the
    /// part up to and with it, once. A common prefix that equals `after` has been listed already and is left out.
    ///
    /// - Cost: one search for each item, however many keys a common prefix stands for.
    package func list(
        prefix: ObjectKey, delimiter: ObjectKey? = nil, after: ObjectKey? = nil, limit: Int
    ) -> KeyListing<Value> {
        var listing = KeyListing<Value>(items: [], isTruncated: false)
        var start = prefix
        if let after, after >= prefix { start = after.successor }
        if let after, let delimiter, !delimiter.bytes.isEmpty, after.hasPrefix(prefix),
            after.bytes.count > prefix.bytes.count,
            after.bytes.suffix(delimiter.bytes.count) == delimiter.bytes[...]
        {
            guard let end = after.prefixEnd else { return listing }
            start = end
        }
        var position = first(from: start)
        while let current = position {
            let entry = self[current]
            guard entry.key.hasPrefix(prefix) else { break }
            guard listing.items.count < limit else {
                listing.isTruncated = true
                break
            }
            if let group = delimiter.flatMap({ entry.key.group(behind: prefix, delimiter: $0) }) {
                listing.items.append(.commonPrefix(group))
                position = group.prefixEnd.flatMap { first(from: $0) }
            } else {
                listing.items.append(.key(entry.key, entry.value))
                position = self.position(after: current)
            }
        }
        return listing
    }
}

extension ObjectKey {
    /// The key up to and with the first delimiter behind `prefix`; nil when there is none.
    fileprivate func group(behind prefix: ObjectKey, delimiter: ObjectKey) -> ObjectKey? {
        let width = delimiter.bytes.count
        guard width > 0 else { return nil }
        var index = prefix.bytes.count
        while index + width <= bytes.count {
            if bytes[index..<index + width] == delimiter.bytes[...] {
                return ObjectKey(bytes: Array(bytes[..<(index + width)]))
            }
            index += 1
        }
        return nil
    }
}
