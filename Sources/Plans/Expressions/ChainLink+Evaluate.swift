package import Columnar
package import Kernels

extension ChainLink {
    /// The value so far with this link; a fault is reported at the link's place.
    package func evaluate(
        _ column: Column, _ operand: Column, rowCount: Int, in context: KernelContext
    ) throws(KernelError) -> Column {
        do throws(KernelError) {
            return try function.evaluate([column, operand], rowCount: rowCount, result: type, in: context)
        } catch {
            throw error.at(place.place)
        }
    }
}
