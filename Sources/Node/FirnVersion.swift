/// This build's version.
package enum FirnVersion {
    package static let current = "0.1.0"
}
