/// How many bytes a piece has on the disk, and where in them a plain byte is found.
///
///     plain    |  64 KiB  |  64 KiB  | rest |
///     stored   |  64 KiB  tag 16 |  64 KiB  tag 16 | rest tag 16 |
///
/// A piece has at least one chunk, which may be empty.
enum ChunkFormat {
    /// A range costs up to two of these beside its own bytes, and a tag is 1/4096 of one.
    static let plainBytes: Int64 = 64 << 10
    static let storedBytes = plainBytes + 16

    static func count(_ plainSize: Int64) -> Int64 { max(1, (plainSize + plainBytes - 1) / plainBytes) }
    static func storedSize(_ plainSize: Int64) -> Int64 { plainSize + count(plainSize) * 16 }
}
