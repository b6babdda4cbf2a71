import COpenSSL

/// Which OpenSSL this was built with, and which one answers.
///
/// libparquet carries an OpenSSL of its own; the wrong link order lets that one answer, and the first call crashes.
package enum CryptoLibrary {
    /// As `OPENSSL_VERSION_NUMBER` writes it.
    package static var builtVersion: UInt { firn_openssl_header_version() }
    package static var runningVersion: UInt { firn_openssl_runtime_version() }

    /// Patch levels may differ: a security update must not need a new build.
    package static var isExpected: Bool { builtVersion >> 20 == runningVersion >> 20 }
}
