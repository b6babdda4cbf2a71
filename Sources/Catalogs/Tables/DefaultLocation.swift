package import Effects
package import Iceberg
import Octets
import Signing

/// Where a table lies whose creator did not say.
///
///     s3://lake/__firn/web/raw/clicks-1f2e3d4c5b6a
///
/// The end of the table's UUID makes the place its own: files of a dropped table stay where they are, and a renamed table
/// does not move, so the name alone would soon be taken.
package enum DefaultLocation {
    static let folder = "__firn"
    private static let segmentLimit = 64
    private static let uuidDigits = 12
    private static let hashBytes = 16

    package static func text(for table: TableIdentifier, uuid: UniqueID, in warehouse: Warehouse) -> String {
        let names = (table.namespace.levels + [table.name]).map(segment)
        return
            "s3://\(warehouse.bucket)/\(folder)/\(names.joined(separator: "/"))-\(uuid.description.suffix(uuidDigits))"
    }

    /// Whether `location` is the place that a table of this name and UUID has by default, and no other name's.
    package static func isOwn(
        _ location: TableLocation, of table: TableIdentifier, uuid: UniqueID, in warehouse: Warehouse
    ) -> Bool {
        location.uri.utf8.elementsEqual(text(for: table, uuid: uuid, in: warehouse).utf8)
    }

    /// Whether `uri` lies where a table of this name would by default, whatever its UUID.
    ///
    ///     s3://lake/__firn/web/clicks-1f2e3d4c5b6a/…     clicks, and not clicks-old
    package static func mayHold(_ uri: String, of table: TableIdentifier, in warehouse: Warehouse) -> Bool {
        let place = text(for: table, uuid: UniqueID(high: 0, low: 0), in: warehouse).utf8.dropLast(uuidDigits)
        guard uri.utf8.starts(with: place) else { return false }
        let rest = uri.utf8.dropFirst(place.count)
        return rest.prefix(uuidDigits).count { isDigit($0) } == uuidDigits
            && rest.dropFirst(uuidDigits).first == UInt8(ascii: "/")
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }

    /// Nobody else's table ever lay there.
    static func isOne(_ location: TableLocation) -> Bool { location.key.utf8.starts(with: "\(folder)/".utf8) }

    /// Keeps what every client reads the same way without escapes. Two names never have one segment, since what lies there
    /// belongs to the name: one that cannot be kept has its hash behind a dot, which no name has.
    ///
    ///     clicks      clicks
    ///     p q         p_q.38c70423360271fcf9543f2f1ec3e566
    private static func segment(_ name: String) -> String {
        let plain = name.unicodeScalars.map { scalar -> Character in
            scalar.isASCII
                && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil || scalar == "-")
                ? Character(scalar) : "_"
        }
        if plain.count <= segmentLimit, String(plain).utf8.elementsEqual(name.utf8) { return name }
        let mark = "." + Hex.encode(SHA256.hash(name).prefix(hashBytes))
        return String(plain.prefix(segmentLimit - mark.utf8.count)) + mark
    }
}
