package import JSONText

/// Something about a table that is not as the specification, or the table itself, says.
package struct TableProblem: Sendable, Hashable {
    package enum Kind: String, Sendable, CaseIterable {
        /// Parts of the metadata file contradict each other.
        case metadataContradiction = "metadata-contradiction"
        /// A manifest list is missing or cannot be read.
        case manifestListUnreadable = "manifest-list-unreadable"
        /// A manifest is missing or cannot be read.
        case manifestUnreadable = "manifest-unreadable"
        /// A list tells another length of a manifest than it has.
        case manifestLength = "manifest-length"
        /// A list counts other files or rows than its manifest has.
        case manifestCounts = "manifest-counts"
        /// A sequence number is missing, or larger than what it follows from.
        case sequenceNumber = "sequence-number"
        /// A partition lies outside the bounds that the list gives for its manifest.
        case partitionBounds = "partition-bounds"
        /// A path leads out of the table's location.
        case pathOutside = "path-outside"
        /// A snapshot has the same data file twice.
        case duplicateFile = "duplicate-file"
        /// The totals of a snapshot's summary are not those of its manifests.
        case summaryTotals = "summary-totals"
        /// A data or delete file is missing.
        case fileMissing = "file-missing"
        /// A file has another size than its manifest says.
        case fileSize = "file-size"
        /// A file cannot be read.
        case fileUnreadable = "file-unreadable"
        /// A file has more or fewer rows than its manifest says.
        case recordCount = "record-count"
        /// Values of a column lie outside the bounds in the manifest, or its values, nulls or NaNs are counted wrong.
        case columnBounds = "column-bounds"
        /// A file has rows that belong to another partition than its manifest says.
        case partitionValue = "partition-value"
        /// A deletion vector is not where its manifest says, or is about another data file, or is one of two for a file.
        case deletionVector = "deletion-vector"
        /// Rows are deleted that their data file does not have, or from another file than the manifest says.
        case deletedPositions = "deleted-positions"
        /// Two files of a table of version 3 share row ids, or have ids the table has not given.
        case rowIDs = "row-ids"
    }

    package var kind: Kind
    /// The file in which the claim stands or that is wrong.
    package var path: String
    package var text: String

    package var json: JSONValue {
        ["kind": .string(kind.rawValue), "path": .string(path), "text": .string(text)]
    }
}

/// What a check of a table found.
package struct TableCheckReport: Sendable, Hashable {
    /// Problems and orphans kept; more are counted only.
    static let listLimit = 1000

    package private(set) var problems: [TableProblem] = []
    package private(set) var problemCount = 0
    /// Objects below the table's location that nothing refers to. No damage: the leftovers of writers that died.
    package private(set) var orphans: [String] = []
    package private(set) var orphanCount = 0
    package var snapshots = 0
    package var manifests = 0
    package var files = 0
    package var rows: Int64 = 0

    package var isClean: Bool { problemCount == 0 }

    mutating func add(_ kind: TableProblem.Kind, _ path: String, _ text: String) {
        problemCount += 1
        if problems.count < Self.listLimit {
            problems.append(TableProblem(kind: kind, path: path, text: text))
        }
    }

    mutating func addOrphan(_ path: String) {
        orphanCount += 1
        if orphans.count < Self.listLimit { orphans.append(path) }
    }

    package var json: JSONValue {
        [
            "clean": .boolean(isClean), "problem_count": JSONValue(problemCount),
            "problems": .array(problems.map(\.json)), "orphan_count": JSONValue(orphanCount),
            "orphans": JSONValue(orphans),
            "checked": [
                "snapshots": JSONValue(snapshots), "manifests": JSONValue(manifests),
                "files": JSONValue(files),
                "rows": JSONValue(rows),
            ],
        ]
    }
}
