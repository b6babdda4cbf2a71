/// What a server asks its owner besides the handler.
package struct ServerHooks: Sendable {
    /// May answer a request with a very long body before that is read; see `Router.refuse`.
    package var refuse: @Sendable (Request) -> Response?
    /// Makes the error bodies of requests that no route will see.
    package var renderRefusal: Router.FaultRenderer
    /// Requests that are still answered while the server drains: those that ask whether it does.
    package var isProbe: @Sendable (Request) -> Bool

    package init(
        refuse: @escaping @Sendable (Request) -> Response? = { _ in nil },
        renderRefusal: @escaping Router.FaultRenderer = { error, _ in Envelope.failure(error) },
        isProbe: @escaping @Sendable (Request) -> Bool = { _ in false }
    ) {
        self.refuse = refuse
        self.renderRefusal = renderRefusal
        self.isProbe = isProbe
    }
}
