import CRE2
import Synchronization

/// A compiled regular expression of RE2's syntax: linear time, so a user's pattern cannot stall a thread.
///
/// - Threads: any number at once.
@safe final class RegularExpression: Sendable {
    struct Flags: OptionSet, Hashable {
        let rawValue: UInt32
        static let ignoreCase = Flags(rawValue: FIRN_RE2_IGNORE_CASE.rawValue)
        static let dotAll = Flags(rawValue: FIRN_RE2_DOT_ALL.rawValue)
        static let multiline = Flags(rawValue: FIRN_RE2_MULTILINE.rawValue)
    }
    private struct Key: Hashable {
        /// Bytes, not text: Swift's `==` takes two spellings of é for one.
        var pattern: [UInt8]
        var flags: Flags
    }

    // SAFETY: the handle is made in init, freed in deinit, and RE2 promises that const calls may run in parallel.
    private nonisolated(unsafe) let handle: OpaquePointer
    let groupCount: Int

    /// Compiled expressions of recent batches, so that a query compiles once and not once a batch.
    private static let recent = Mutex<[Key: RegularExpression]>([:])
    private static let recentLimit = 256

    static func compiled(_ pattern: String, _ flags: Flags) throws(KernelError) -> RegularExpression {
        let key = Key(pattern: Array(pattern.utf8), flags: flags)
        if let known = recent.withLock({ $0[key] }) { return known }
        let made = try RegularExpression(pattern, flags)
        recent.withLock { recent in
            if recent.count >= recentLimit { recent.removeAll(keepingCapacity: true) }
            recent[key] = made
        }
        return made
    }

    private init(_ pattern: String, _ flags: Flags) throws(KernelError) {
        let bytes = Array(pattern.utf8)
        var message = [CChar](repeating: 0, count: 256)
        // SAFETY: both buffers outlive the call, and their counts are given beside them.
        let made = unsafe bytes.withUnsafeBufferPointer { pattern in
            unsafe message.withUnsafeMutableBufferPointer { message in
                unsafe firn_re2_compile(
                    pattern.baseAddress, pattern.count, flags.rawValue, message.baseAddress, message.count)
            }
        }
        guard let made = unsafe made else {
            let text = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            throw KernelError(
                .invalidPattern, "the regular expression is wrong",
                ["pattern": "'\(pattern)'", "reason": String(decoding: text, as: UTF8.self)])
        }
        unsafe handle = made
        groupCount = Int(unsafe firn_re2_group_count(made))
    }

    deinit { unsafe firn_re2_free(handle) }

    /// The number of the group with this name; nil without one.
    func group(named name: [UInt8]) -> Int? {
        guard !name.isEmpty else { return nil }
        // SAFETY: the buffer outlives the call, and its count is given beside it.
        let group = unsafe name.withUnsafeBufferPointer { name in
            unsafe firn_re2_group_named(handle, name.baseAddress, name.count)
        }
        return group < 0 ? nil : Int(group)
    }

    func matches(_ text: Span<UInt8>) throws(KernelError) -> Bool {
        // SAFETY: the span outlives the call, and its count is given beside it.
        let outcome = unsafe text.withUnsafeBufferPointer { text in
            unsafe firn_re2_matches(handle, text.baseAddress, text.count)
        }
        return try Self.isMatch(outcome)
    }

    /// The last match that was found: the whole is number 0, then come the groups.
    struct Match {
        /// Two numbers for each, negative for a group that took no part. Kept from match to match.
        fileprivate var bounds: [Int64] = []

        /// With the whole.
        var count: Int { bounds.count / 2 }

        subscript(group: Int) -> Range<Int>? {
            guard group < count, bounds[2 * group] >= 0 else { return nil }
            return Int(bounds[2 * group])..<Int(bounds[2 * group + 1])
        }
    }

    /// Finds the first match at or after byte `start`.
    func findMatch(in text: Span<UInt8>, from start: Int, _ match: inout Match) throws(KernelError) -> Bool {
        let count = 2 * (groupCount + 1)
        if match.bounds.count != count { match.bounds = [Int64](repeating: -1, count: count) }
        // SAFETY: `bounds` holds two numbers for the whole and for each group; the span outlives the call.
        let outcome = unsafe text.withUnsafeBufferPointer { text in
            unsafe match.bounds.withUnsafeMutableBufferPointer { bounds in
                unsafe firn_re2_find(
                    handle, text.baseAddress, text.count, start, bounds.baseAddress, Int32(groupCount))
            }
        }
        return try Self.isMatch(outcome)
    }

    private static func isMatch(_ outcome: Int32) throws(KernelError) -> Bool {
        guard outcome >= 0 else { throw KernelError(.tooLarge, "the regular expression ran out of memory") }
        return outcome == 1
    }
}
