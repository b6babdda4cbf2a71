/// This build's version.
package enum FirnVersion {
    package static let current = "0.1.0"

    /// As a Parquet file's `created_by` has it: the application, then what readers compare.
    package static let createdBy = "firn version \(current)"
    /// As the `Server` and `User-Agent` headers have it.
    package static let product = "firn/\(current)"
}
