import Effects
import Foundation
import Glibc

/// The id of the node whose disk a data directory is.
///
///     DIR/node   0f…: 32 hex digits and a line's end, written once
enum NodeID {
    /// - Errors: `NOD-203`, `NOD-204`.
    ///
    /// - Threads: blocks.
    static func loadOrCreate(directory: String, randomness: any Randomness) throws(NodeError) -> UniqueID {
        let path = directory + "/node"
        guard FileManager.default.fileExists(atPath: path) else {
            let made = UniqueID.random(from: randomness)
            try DurableFile.write(Array("\(made.hexDigits)\n".utf8), to: path)
            return made
        }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw NodeError(.directoryUnusable, "a file cannot be read", ["path": path])
        }
        let text = String(decoding: data, as: UTF8.self).filter { !$0.isWhitespace }
        guard let found = UniqueID(text) else {
            throw NodeError(.directoryDamaged, "the node's id is none", ["path": path])
        }
        return found
    }
}
