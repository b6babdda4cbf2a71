import Foundation

/// The names of units and zones, for whoever looks at them before there is a row.
package enum TimeNames {
    /// From the shortest to the longest.
    package static let units = TimeUnit.allCases.map(\.rawValue)
    package static var zones: [String] { TimeZone.knownTimeZoneIdentifiers }

    /// In any case, in the plural too.
    package static func isUnit(_ name: String) -> Bool { TimeUnit(name: name) != nil }

    /// - Errors: `KRN-104` for what names no zone.
    package static func checkZone(_ name: String) throws(KernelError) { _ = try ZoneClock(name) }
}
