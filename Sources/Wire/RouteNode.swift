/// One segment of the tree of all patterns.
struct RouteNode: Sendable {
    private var literals: [String: RouteNode] = [:]
    private var parameter: [(name: String, node: RouteNode)] = []
    private var rest: (name: String, routes: [String: Route])?
    private var here: [String: Route] = [:]

    struct Match {
        /// By method.
        var routes: [String: Route]
        var parameters: [String: String]
    }

    mutating func insert(_ route: Route) { insert(route, route.segments[...]) }

    private mutating func insert(_ route: Route, _ segments: ArraySlice<Route.Segment>) {
        guard let first = segments.first else {
            precondition(here[route.method] == nil, "two routes for \(route.method) \(route.pattern)")
            here[route.method] = route
            return
        }
        switch first {
        case .literal(let text):
            literals[text, default: RouteNode()].insert(route, segments.dropFirst())
        case .parameter(let name):
            // Patterns may name the same place differently: each name has its own branch.
            let index = parameter.firstIndex { $0.name == name } ?? parameter.endIndex
            if index == parameter.endIndex { parameter.append((name, RouteNode())) }
            parameter[index].node.insert(route, segments.dropFirst())
        case .rest(let name):
            precondition(segments.count == 1, "a rest ends a pattern: \(route.pattern)")
            precondition(rest == nil || rest?.name == name, "two names for one rest: \(route.pattern)")
            rest = (name, (rest?.routes ?? [:]).merging([route.method: route]) { _, new in new })
        }
    }

    func match(_ segments: ArraySlice<String>) -> Match? {
        guard let first = segments.first else {
            return here.isEmpty ? nil : Match(routes: here, parameters: [:])
        }
        if let found = literals[first]?.match(segments.dropFirst()) { return found }
        if !first.isEmpty {
            for (name, node) in parameter {
                guard var found = node.match(segments.dropFirst()) else { continue }
                found.parameters[name] = first
                return found
            }
        }
        guard let rest else { return nil }
        return Match(routes: rest.routes, parameters: [rest.name: segments.joined(separator: "/")])
    }

    var routes: [Route] {
        Array(here.values) + literals.values.flatMap(\.routes) + parameter.flatMap(\.node.routes)
            + (rest.map { Array($0.routes.values) } ?? [])
    }
}
