/// Which keys go on to an external store.
enum ForwardedKey {
    /// Stores and what stands in front of them resolve `.` and `..` in an address: the key would become another one's.
    ///
    /// - Errors: `S3-101`.
    static func check(_ key: String) throws(S3Error) {
        let hasDots = key.utf8.split(separator: UInt8(ascii: "/")).contains { segment in
            segment.elementsEqual(".".utf8) || segment.elementsEqual("..".utf8)
        }
        guard !hasDots else {
            throw S3Error(
                .invalidArgument, "a key with a segment . or .. cannot be kept in an external store",
                ["key": key])
        }
    }
}
