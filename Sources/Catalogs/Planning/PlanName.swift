/// What a plan is asked for by, and the token it is made for.
package struct PlanName: Sendable, Hashable {
    package var id: String
    package var owner: String

    package init(id: String, owner: String) {
        self.id = id
        self.owner = owner
    }
}
