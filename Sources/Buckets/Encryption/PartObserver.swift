import Blobs

/// Shows the plain bytes of a part to whoever computes a checksum over them while the part is copied.
struct PartObserver: Sendable {
    private let decryptor: ObjectDecryptor?
    private let path: BlobPath
    private let observe: @Sendable ([UInt8]) -> Void

    init(
        _ part: ObjectEntry, _ opened: OpenedEncryption?, of path: BlobPath,
        _ observe: @escaping @Sendable ([UInt8]) -> Void
    ) {
        decryptor = part.facts.encryption.flatMap { encryption in
            opened.map { ObjectDecryptor(OpenedEncryption(encryption: encryption, key: $0.key), of: path) }
        }
        self.path = path
        self.observe = observe
    }

    /// Copied at a time: whole chunks of an encrypted part.
    static func blockBytes(of part: ObjectEntry) -> Int64 {
        let block = Int64(ObjectStage.writeBytes)
        return part.facts.encryption == nil
            ? block : block / ChunkFormat.plainBytes * ChunkFormat.storedBytes
    }

    /// Blocks as they are cut by `blockBytes`. - Errors: `BLB-201`.
    func take(_ stored: [UInt8], at offset: Int64) throws(BlobsError) {
        guard let decryptor else { return observe(stored) }
        let first = offset / ChunkFormat.storedBytes
        let start = first * ChunkFormat.plainBytes
        let count = (Int64(stored.count) + ChunkFormat.storedBytes - 1) / ChunkFormat.storedBytes
        let plain = Int64(stored.count) - 16 * count
        let stretches = decryptor.stretches(start..<start + plain)
        guard plain > 0 else { return }
        guard stretches.count == 1, let opened = decryptor.open(stored, stretches[0]) else {
            throw BlobsError(.corrupt, "a part's bytes do not match their checksum", ["path": path])
        }
        observe(opened)
    }
}
