import Effects

/// The lease of a node as the Metastore has it.
///
/// `renewals` makes each renewal another row, so that one who waits sees whether the holder lives, whatever the clocks say.
struct NodeRow: Sendable, Equatable {
    var id: String
    /// One more with each process that takes the node.
    var epoch: Int64
    /// The writer of that process.
    var holder: String
    var place: String
    var renewals: Int64
    var leaseMicroseconds: Int64
    /// By the database's clock; zero when the holder gave it back.
    var expiresAt: Int64
    var address: String
    var store: String
    var isMain: Bool
    var startedAt: Int64

    init(_ row: Row) throws(MetastoreError) {
        id = try row.text("id")
        epoch = try row.integer("epoch")
        holder = try row.text("holder")
        place = try row.text("place")
        renewals = try row.integer("renewals")
        leaseMicroseconds = try row.integer("lease_microseconds")
        expiresAt = try row.integer("expires_at")
        address = try row.text("address")
        store = try row.text("store")
        isMain = try row.boolean("is_main")
        startedAt = try row.integer("started_at")
    }

    /// More than there will be.
    private static let limit = 1000

    static func all(_ transaction: Transaction) throws(MetastoreError) -> [NodeRow] {
        var rows: [NodeRow] = []
        for row in try transaction.query("SELECT * FROM nodes ORDER BY id LIMIT \(limit)") {
            rows.append(try NodeRow(row))
        }
        return rows
    }

    func info(at now: Instant) -> NodeInfo {
        NodeInfo(
            id: id, epoch: epoch, address: address, isMain: isMain,
            startedAt: Instant(microseconds: startedAt), isAway: expiresAt < now.microseconds)
    }

    /// What became of an attempt to take a node.
    enum Attempt: Sendable {
        case taken(epoch: Int64, isMain: Bool)
        /// The holder may be alive.
        case held(NodeRow)
    }

    /// Takes the node if `watch` allows it: from the commit on the holder before cannot write.
    ///
    /// - Errors: `MST-305` when the database's objects are where this node cannot read them.
    static func take(
        _ identity: NodeIdentity, writer: String, watch: LeaseWatch, bootNanoseconds: Int64,
        _ transaction: Transaction
    ) throws(MetastoreError) -> Attempt {
        let id = identity.id.hexDigits
        let now = try transaction.databaseTime()
        if !watch.isShared { try inherit(id, transaction) }
        let rows = try all(transaction)
        try requireShared(identity, others: rows.filter { $0.id != id })
        let terms: [SQLValue] = [
            .text(writer), .text(identity.place), .integer(watch.leaseMicroseconds),
            // A lock does not run out.
            .integer(watch.isShared ? now.microseconds + watch.leaseMicroseconds : .max),
            .text(identity.store ?? ""),
            .integer(now.microseconds),
        ]
        let own = try transaction.first("SELECT * FROM nodes WHERE id = ?", [.text(id)])
        guard let row = try own.map({ row throws(MetastoreError) in try NodeRow(row) }) else {
            let isMain = try transaction.first("SELECT id FROM nodes WHERE is_main = 1") == nil
            try transaction.execute(
                """
                INSERT INTO nodes (holder, place, lease_microseconds, expires_at, store, started_at, id, epoch, renewals,
                    address, is_main)
                VALUES (?, ?, ?, ?, ?, ?, ?, 1, 0, '', ?)
                """, terms + [.text(id), SQLValue(isMain)])
            if rows.isEmpty { try adopt(identity, isShared: watch.isShared, transaction) }
            return .taken(epoch: 1, isMain: isMain)
        }
        guard watch.mayTake(row, databaseTime: now, at: bootNanoseconds) else { return .held(row) }
        // What the holder before has begun ends first, one way or the other.
        try transaction.endWriter(row.holder)
        let changed = try transaction.execute(
            """
            UPDATE nodes SET holder = ?, place = ?, lease_microseconds = ?, expires_at = ?, store = ?, started_at = ?,
                epoch = epoch + 1, renewals = 0, address = ''
            WHERE id = ? AND epoch = ? AND renewals = ?
            """, terms + [.text(id), .integer(row.epoch), .integer(row.renewals)])
        guard changed == 1 else {
            // Nothing of this may stay: the holder lives, and has its mark.
            throw MetastoreError(.contended, "the node's lease was renewed meanwhile", mayRetry: true)
        }
        return .taken(epoch: row.epoch + 1, isMain: row.isMain)
    }

    /// Objects on one node's disk are out of another's reach.
    private static func requireShared(
        _ identity: NodeIdentity, others: [NodeRow]
    ) throws(MetastoreError) {
        guard let other = others.first(where: { $0.store.isEmpty || $0.store != identity.store }) else {
            return
        }
        throw MetastoreError(
            .ownedByAnother, "the database belongs to a node whose objects this one does not have",
            [
                "node": other.id, "store": other.store.isEmpty ? "its own disk" : other.store,
                "asked": identity.store ?? "its own disk",
            ], hint: "nodes of one database share their objects: start each with the same --store s3://…")
    }

    /// A database that lies in the directory is the directory's node's, also where that got another id.
    private static func inherit(_ id: String, _ transaction: Transaction) throws(MetastoreError) {
        let strangers = try transaction.execute("DELETE FROM nodes WHERE id <> ?", [.text(id)])
        guard strangers > 0 else { return }
        for table in owned {
            try transaction.execute("UPDATE \(table) SET node_id = ?", [.text(id)])
        }
    }

    private static let owned = ["streams", "pipelines", "deleted_streams"]

    /// What was there before there were several nodes is of the node that has its logs.
    ///
    /// - Errors: `MST-305` for another one: it would begin the logs anew, and hide what was acknowledged.
    private static func adopt(
        _ identity: NodeIdentity, isShared: Bool, _ transaction: Transaction
    ) throws(MetastoreError) {
        let id = identity.id.hexDigits
        let streams = try transaction.query("SELECT id FROM streams WHERE node_id = ''")
        if isShared, !streams.isEmpty {
            var isHere = false
            for stream in streams where !isHere { isHere = identity.logs.contains(try stream.text("id")) }
            guard isHere else {
                throw MetastoreError(
                    .ownedByAnother, "the logs of the database's streams are in another data directory",
                    ["streams": streams.count],
                    hint: "start the node with the old data directory first: the streams become its own")
            }
        }
        for table in owned {
            try transaction.execute("UPDATE \(table) SET node_id = ? WHERE node_id = ''", [.text(id)])
        }
    }

    /// What a renewal tells of the node.
    struct Renewal: Sendable {
        var isMain: Bool
        /// It became so just now: the node that cleared away has been gone for long.
        var hasSucceeded = false
    }

    /// Nil when another process has the node.
    static func renew(
        _ id: String, epoch: Int64, microseconds: Int64, _ transaction: Transaction
    ) throws(MetastoreError) -> Renewal? {
        let now = try transaction.databaseTime()
        let row = try transaction.first(
            "UPDATE nodes SET expires_at = ?, renewals = renewals + 1 WHERE id = ? AND epoch = ? RETURNING is_main",
            [.integer(now.microseconds + microseconds), .text(id), .integer(epoch)])
        guard let row else { return nil }
        if try row.boolean("is_main") { return Renewal(isMain: true) }
        let isMain = try succeed(id, at: now, transaction)
        return Renewal(isMain: isMain, hasSucceeded: isMain)
    }

    /// Leases that pass after the end of the last one before another node clears away.
    private static let patience = 6

    /// True when the node that clears away is gone and this one does it from now on. That one may come back: it has no
    /// lease until it has read its row again.
    private static func succeed(
        _ id: String, at now: Instant, _ transaction: Transaction
    ) throws(MetastoreError) -> Bool {
        let gone = try transaction.execute(
            "UPDATE nodes SET is_main = 0 WHERE is_main = 1 AND expires_at < ? - \(patience) * lease_microseconds",
            [.integer(now.microseconds)])
        guard gone > 0 else { return false }
        return try transaction.execute("UPDATE nodes SET is_main = 1 WHERE id = ?", [.text(id)]) == 1
    }

    /// The next process need not wait.
    static func release(_ id: String, epoch: Int64, _ transaction: Transaction) throws(MetastoreError) {
        try transaction.execute(
            "UPDATE nodes SET expires_at = 0, address = '' WHERE id = ? AND epoch = ?",
            [.text(id), .integer(epoch)])
    }

    static func publish(
        _ address: String, of id: String, epoch: Int64, _ transaction: Transaction
    ) throws(MetastoreError) {
        try transaction.execute(
            "UPDATE nodes SET address = ? WHERE id = ? AND epoch = ?",
            [.text(address), .text(id), .integer(epoch)])
    }
}
