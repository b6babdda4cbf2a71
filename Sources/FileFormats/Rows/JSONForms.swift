/// How values stand in JSON where there is a choice; the names are those of the hosted API.
package struct JSONForms: Sendable, Hashable {
    package enum Timestamps: String, Sendable, Hashable, CaseIterable {
        case rfc3339
        /// Milliseconds since 1970, as a number; what is finer is cut off.
        case unixMilliseconds = "unix_millis"
    }

    package enum Decimals: String, Sendable, Hashable, CaseIterable {
        /// All digits survive any reader.
        case string
        case number
    }

    package var timestamps = Timestamps.rfc3339
    package var decimals = Decimals.string
    /// A value of the type JSON stands there as what it is; else as a text that holds it.
    package var nestsJSON = false

    package init() {}
}
