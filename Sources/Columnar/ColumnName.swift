/// What somebody may call a new column or field. Tables made elsewhere have whatever names they have.
package enum ColumnName {
    /// Many databases and file systems, where names end up too, take no more.
    package static let maximumBytes = 255

    /// What is wrong with a name, behind "its name"; nil when nothing is.
    package static func fault(in name: String) -> String? {
        if name.utf8.count > maximumBytes { return "is longer than \(maximumBytes) bytes" }
        // A control character is one of two bytes at most, and shows in no table.
        let hasControl = name.unicodeScalars.contains { $0.properties.generalCategory == .control }
        return hasControl ? "has a control character" : nil
    }
}
