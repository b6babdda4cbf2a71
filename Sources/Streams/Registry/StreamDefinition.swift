package import Effects
package import FileFormats
package import JSONText

/// A stream's settings. The schema gets new optional fields at most; the HTTP and binding settings may change.
package struct StreamDefinition: Sendable, Equatable {
    /// Who may send over HTTP, and from which web pages.
    package struct HTTPSettings: Sendable, Equatable {
        package var isEnabled = true
        package var needsAuthentication = true
        /// `*`, or exact origins; none when empty.
        package var corsOrigins: [String] = []
        package init() {}
    }

    /// What the answer to a producer says.
    package enum Acknowledgement: String, Sendable, CaseIterable {
        /// The events are on the disk.
        case durable
        /// The events are on the disk, and those that do not fit the schema are named.
        case validated
        /// Every pipeline of the stream has landed the events.
        case landed
    }

    package let id: UniqueID
    package let name: String
    package var schema: StreamSchema
    /// As given; echoed.
    package let format: JSONObject
    package let unknownFields: UnknownFieldPolicy
    package var http: HTTPSettings
    package var hasWorkerBinding: Bool
    package var acknowledgement: Acknowledgement
    package var limits = StreamLimits()
    package var version: Int64
    package let createdAt: Instant
    package var modifiedAt: Instant

    /// The name and the id, either of which a client may use.
    package static func isValidName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 128
            && name.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "_")
            }
    }
}
