import JSONText
import Testing

@testable import CatalogAPI

/// Every route, asked by tokens that may not: 403 with the missing scope, in the same words whether a name exists or not.
@Suite("Who may what in the catalog")
struct ScopeMatrixTests {
    private struct Probe {
        var endpoint: String
        /// `NS` and `NAME` stand for a namespace and a name in it.
        var path: String
        var body: JSONValue?
        var writes = false
    }

    private let fixture: APIFixture

    /// `web.raw` has the tables `clicks` and `visits`; `hidden` is another namespace.
    init() async throws {
        fixture = try await APIFixture()
        try await fixture.populate()
        _ = try await fixture.send("POST", APIFixture.base + "/namespaces", ["namespace": ["hidden"]])
        for table in ["web%1Fraw/visits", "hidden/visits"] {
            let parts = table.split(separator: "/")
            let made = try await fixture.send(
                "POST", APIFixture.base + "/namespaces/\(parts[0])/tables",
                ["name": .string(String(parts[1])), "schema": APIFixture.schema])
            try #require(made.status == 200)
        }
    }

    private static func probes(_ namespace: [String], _ name: String) -> [Probe] {
        let identifier: JSONValue = ["namespace": JSONValue(namespace), "name": .string(name)]
        let free: JSONValue = ["namespace": ["web", "raw"], "name": "clicks"]
        let commit: JSONValue = ["identifier": identifier, "requirements": [], "updates": []]
        let metadata = "s3://lake/x/metadata/1.metadata.json"
        let tables = "/namespaces/NS/tables/NAME"
        let views = "/namespaces/NS/views/NAME"
        return [
            Probe(endpoint: "GET /namespaces", path: "/namespaces?parent=NS"),
            Probe(
                endpoint: "POST /namespaces", path: "/namespaces", body: ["namespace": JSONValue(namespace)],
                writes: true),
            Probe(endpoint: "GET /namespaces/{namespace}", path: "/namespaces/NS"),
            Probe(endpoint: "HEAD /namespaces/{namespace}", path: "/namespaces/NS"),
            Probe(endpoint: "DELETE /namespaces/{namespace}", path: "/namespaces/NS", writes: true),
            Probe(
                endpoint: "POST /namespaces/{namespace}/properties", path: "/namespaces/NS/properties",
                body: [:], writes: true),
            Probe(endpoint: "GET /namespaces/{namespace}/tables", path: "/namespaces/NS/tables"),
            Probe(endpoint: "GET /namespaces/{namespace}/views", path: "/namespaces/NS/views"),
            Probe(endpoint: "GET /namespaces/{namespace}/functions", path: "/namespaces/NS/functions"),
            Probe(
                endpoint: "GET /namespaces/{namespace}/functions/{function}",
                path: "/namespaces/NS/functions/f"),
            Probe(
                endpoint: "POST /namespaces/{namespace}/tables", path: "/namespaces/NS/tables",
                body: ["name": .string(name), "schema": APIFixture.schema], writes: true),
            Probe(
                endpoint: "POST /namespaces/{namespace}/register", path: "/namespaces/NS/register",
                body: ["name": .string(name), "metadata-location": .string(metadata)], writes: true),
            Probe(endpoint: "GET /namespaces/{namespace}/tables/{table}", path: tables),
            Probe(endpoint: "HEAD /namespaces/{namespace}/tables/{table}", path: tables),
            Probe(
                endpoint: "POST /namespaces/{namespace}/tables/{table}", path: tables, body: commit,
                writes: true),
            Probe(endpoint: "DELETE /namespaces/{namespace}/tables/{table}", path: tables, writes: true),
            Probe(
                endpoint: "POST /namespaces/{namespace}/tables/{table}/unregister",
                path: tables + "/unregister", body: [:], writes: true),
            Probe(
                endpoint: "GET /namespaces/{namespace}/tables/{table}/credentials",
                path: tables + "/credentials"),
            Probe(
                endpoint: "POST /namespaces/{namespace}/tables/{table}/sign", path: tables + "/sign",
                body: [:]),
            Probe(
                endpoint: "POST /namespaces/{namespace}/tables/{table}/metrics", path: tables + "/metrics",
                body: [:]),
            Probe(
                endpoint: "POST /namespaces/{namespace}/tables/{table}/plan", path: tables + "/plan",
                body: [:]),
            Probe(
                endpoint: "GET /namespaces/{namespace}/tables/{table}/plan/{plan-id}",
                path: tables + "/plan/x"),
            Probe(
                endpoint: "DELETE /namespaces/{namespace}/tables/{table}/plan/{plan-id}",
                path: tables + "/plan/x"),
            Probe(
                endpoint: "POST /namespaces/{namespace}/tables/{table}/tasks", path: tables + "/tasks",
                body: ["plan-task": "x"]),
            Probe(
                endpoint: "POST /tables/rename", path: "/tables/rename",
                body: ["source": identifier, "destination": free], writes: true),
            Probe(
                endpoint: "POST /transactions/commit", path: "/transactions/commit",
                body: ["table-changes": [commit]], writes: true),
            Probe(
                endpoint: "POST /namespaces/{namespace}/views", path: "/namespaces/NS/views",
                body: [
                    "name": .string(name), "schema": APIFixture.schema, "properties": [:],
                    "view-version": [
                        "version-id": 1, "timestamp-ms": 1, "schema-id": 0, "summary": [:],
                        "default-namespace": ["web"],
                        "representations": [["type": "sql", "sql": "SELECT 1", "dialect": "spark"]],
                    ],
                ], writes: true),
            Probe(endpoint: "GET /namespaces/{namespace}/views/{view}", path: views),
            Probe(endpoint: "HEAD /namespaces/{namespace}/views/{view}", path: views),
            Probe(
                endpoint: "POST /namespaces/{namespace}/views/{view}", path: views, body: ["updates": []],
                writes: true),
            Probe(endpoint: "DELETE /namespaces/{namespace}/views/{view}", path: views, writes: true),
            Probe(
                endpoint: "POST /namespaces/{namespace}/register-view", path: "/namespaces/NS/register-view",
                body: ["name": .string(name), "metadata-location": .string(metadata)], writes: true),
            Probe(
                endpoint: "POST /views/rename", path: "/views/rename",
                body: ["source": identifier, "destination": free], writes: true),
        ]
    }

    private func ask(
        _ probe: Probe, _ namespace: [String], _ name: String, as token: String
    ) async throws -> (status: Int, message: String) {
        let path = probe.path.replacing("NS", with: namespace.joined(separator: "%1F"))
            .replacing("NAME", with: name)
        let method = String(probe.endpoint.prefix { $0 != " " })
        let answer = try await fixture.send(method, APIFixture.base + path, probe.body, as: token)
        let message = answer.body["error"]?["message"]?.string ?? ""
        return (answer.status, message)
    }

    @Test("the probes are about every route")
    func complete() {
        let known = Set(CatalogRoute.all.map { "\($0.method) \($0.path)" })
        #expect(Set(Self.probes(["web"], "x").map(\.endpoint)) == known)
    }

    @Test("a token without rights on the catalog is refused everywhere, and told which it lacks")
    func nothing() async throws {
        for probe in Self.probes(["web", "raw"], "visits") {
            let answer = try await ask(probe, ["web", "raw"], "visits", as: "sql")
            #expect(answer.status == 403, "\(probe.endpoint): \(answer)")
            if !probe.endpoint.hasPrefix("HEAD") {
                #expect(answer.message.contains("catalog:"), "\(probe.endpoint): \(answer)")
            }
        }
    }

    @Test("a token that reads changes nothing")
    func readers() async throws {
        for token in ["reader", "lake-reader"] {
            for probe in Self.probes(["web", "raw"], "visits") {
                let answer = try await ask(probe, ["web", "raw"], "visits", as: token)
                if probe.writes {
                    #expect(
                        answer.status == 403 && answer.message.contains("catalog:write"), "\(probe.endpoint)")
                } else {
                    #expect(answer.status != 403, "\(probe.endpoint): \(answer)")
                }
            }
        }
    }

    @Test("whether a name exists is not told to a token for another table or namespace")
    func silent() async throws {
        let pairs: [(there: ([String], String), not: ([String], String), token: String)] = [
            ((["web", "raw"], "visits"), (["web", "raw"], "nobody"), "clicks"),
            ((["hidden"], "visits"), (["absent"], "visits"), "clicks"),
            ((["hidden"], "visits"), (["absent"], "visits"), "web"),
        ]
        for (there, not, token) in pairs {
            let probes = zip(Self.probes(there.0, there.1), Self.probes(not.0, not.1))
            for (first, second) in probes {
                let isShared =
                    there.0 == ["web", "raw"] && !first.path.contains("NAME") && first.body?["name"] == nil
                    && first.body?["source"] == nil && first.body?["table-changes"] == nil
                // The namespace around its own table it may know.
                if isShared { continue }
                let known = try await ask(first, there.0, there.1, as: token)
                let unknown = try await ask(second, not.0, not.1, as: token)
                #expect(known.status == 403, "\(first.endpoint) by \(token): \(known)")
                let hidden = unknown.message.replacing("absent", with: "hidden")
                    .replacing("nobody", with: "visits")
                #expect(known.status == unknown.status && known.message == hidden, "\(first.endpoint)")
            }
        }
    }

    @Test("a namespace's properties are for those who may read it, not for who may read something inside")
    func properties() async throws {
        for path in ["/namespaces/web", "/namespaces/web%1Fraw"] {
            let set = try await fixture.send(
                "POST", APIFixture.base + path + "/properties", ["updates": ["owner": "ann"]])
            try #require(set.status == 200)
            for token in ["root", "reader", "lake-reader", "web"] {
                let whole = try await fixture.send("GET", APIFixture.base + path, as: token)
                #expect(whole.body["properties"] == ["owner": "ann"], "\(token) \(path)")
            }
            let part = try await fixture.send("GET", APIFixture.base + path, as: "clicks")
            #expect(part.status == 200 && part.body["namespace"]?.array?.first == "web")
            #expect(part.body["properties"] == [:])
        }
    }

    @Test("listings and their page tokens hold only names the token may know")
    func listings() async throws {
        let path = APIFixture.base + "/namespaces/web%1Fraw/tables"
        for name in ["a", "b", "d", "e"] {
            _ = try await fixture.send("POST", path, ["name": .string(name), "schema": APIFixture.schema])
        }
        let page = try await fixture.send("GET", path + "?pageToken=&pageSize=1", as: "clicks")
        #expect(page.body["identifiers"]?.array?.map { $0["name"] } == ["clicks"])
        #expect(page.body["next-page-token"] == .null)
        let spaces = try await fixture.send(
            "GET", APIFixture.base + "/namespaces?pageToken=&pageSize=1", as: "web")
        #expect(spaces.body["namespaces"] == [["web"]] && spaces.body["next-page-token"] == .null)
        let all = try await fixture.send("GET", path + "?pageToken=&pageSize=4", as: "reader")
        #expect(all.body["identifiers"]?.array?.count == 4)
        let rest = try await fixture.send(
            "GET", path + "?pageSize=4&pageToken=" + (all.body["next-page-token"]?.string ?? ""), as: "reader"
        )
        #expect(rest.body["identifiers"]?.array?.count == 2 && rest.body["next-page-token"] == .null)
    }
}
