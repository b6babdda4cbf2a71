import JSONText

/// Paths and names of files as pipelines of the older kind write them, `event_date=${date}/hr=${hr}` and
/// `${slug}${extension}`, from and to those of sinks.
enum LegacyTemplate {
    static let standardFilePath = "event_date=${date}/hr=${hr}"
    static let standardFileName = "${slug}${extension}"

    private static let times: KeyValuePairs = ["${date}": "%F", "${hr}": "%H"]

    /// - Errors: `PIP-105` with what stands between braces and is not known.
    static func timePattern(_ filePath: String) throws(PipelinesError) -> String {
        var pattern = filePath.replacing("%", with: "%%")
        for (name, letter) in times { pattern = pattern.replacing(name, with: letter) }
        try refuseOthers(in: pattern, "filepath", known: times.map(\.key))
        var folders = pattern[...]
        // People write folders with a slash at either end.
        if folders.hasPrefix("/") { folders.removeFirst() }
        if folders.hasSuffix("/") { folders.removeLast() }
        return String(folders)
    }

    /// Letters that no client of the older kind could have asked for stay as they are.
    static func filePath(_ timePattern: String) -> String {
        var path = ""
        var isLetter = false
        for character in timePattern {
            if isLetter {
                isLetter = false
                let letter = "%\(character)"
                path += times.first { $0.value == letter }?.key ?? (character == "%" ? "%" : letter)
            } else if character == "%" {
                isLetter = true
            } else {
                path.append(character)
            }
        }
        return path
    }

    /// A sink's `file_naming`. `extension` has its dot.
    ///
    /// - Errors: `PIP-105`.
    static func naming(_ fileName: String, extension: String) throws(PipelinesError) -> JSONValue {
        let path = "$.destination.path.filename"
        let parts = fileName.split(separator: "${slug}", omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            throw LegacyPipeline.refused(path, "a file's name has ${slug} in it, once")
        }
        let (before, after) = (parts[0], parts[1].replacing("${extension}", with: `extension`))
        try refuseOthers(in: before + after, "filename", known: ["${slug}", "${extension}"])
        guard before.isEmpty || before.hasSuffix("-") && before.count > 1 else {
            throw LegacyPipeline.refused(path, "what stands before ${slug} ends in a dash")
        }
        guard after.isEmpty || after.hasPrefix(".") else {
            throw LegacyPipeline.refused(
                path, "what stands behind ${slug} begins with a dot, or is ${extension}")
        }
        var naming: JSONObject = ["strategy": "ulid"]
        if !before.isEmpty { naming["prefix"] = .string(String(before.dropLast())) }
        if !after.isEmpty, parts[1] != "${extension}" { naming["suffix"] = .string(String(after)) }
        return .object(naming)
    }

    static func fileName(_ naming: FileNaming) -> String {
        (naming.prefix.map { $0 + "-" } ?? "") + "${slug}" + (naming.suffix ?? "${extension}")
    }

    private static func refuseOthers(
        in text: some StringProtocol, _ member: String, known: [String]
    ) throws(PipelinesError) {
        guard let start = text.firstRange(of: "${")?.lowerBound else { return }
        throw PipelinesError(
            .invalidDefinition, "nobody knows what stands there",
            ["path": "$.destination.path.\(member)", "found": String(text[start...].prefix(40))],
            hint: "use " + known.joined(separator: ", "))
    }
}
