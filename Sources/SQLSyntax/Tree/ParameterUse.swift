/// The parameters that a statement has places for.
package struct ParameterUse: Sendable, Hashable {
    /// The highest number of `$1`, `$2`, … or of `?`.
    package var count = 0
    /// Of `:name`.
    package var names: Set<String> = []
}
