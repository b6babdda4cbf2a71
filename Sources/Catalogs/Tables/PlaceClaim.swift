/// By what right somebody has a table or view made at a place.
package enum PlaceClaim: Sendable, Hashable {
    /// It may have any place of the bucket that is nobody's.
    case any
    /// The place is the default one of the table's name, which is all that it may have.
    case byName
}
