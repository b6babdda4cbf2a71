import Catalogs
import JSONText
import Metastore
import Testing
import Wire

@testable import CatalogAPI

@Suite("The catalog's HTTP interface")
struct CatalogAPITests {
    private let fixture: APIFixture
    private let base = APIFixture.base
    init() async throws { fixture = try await APIFixture() }

    @Test(
        "config answers the prefix and the endpoints under each base",
        arguments: [
            "/catalog/v1/config?warehouse=local_lake", "/catalog/v1/config?warehouse=lake",
            "/catalog/local/lake/v1/config", "/catalog/local/lake/v1/config?warehouse=local_lake",
        ])
    func config(target: String) async throws {
        let answer = try await fixture.send("GET", target)
        #expect(answer.status == 200)
        #expect(answer.body["overrides"]?["prefix"]?.string == "local_lake")
        let endpoints = try #require(answer.body["endpoints"]?.array).compactMap(\.string)
        #expect(endpoints.contains("POST /v1/{prefix}/namespaces/{namespace}/tables/{table}"))
        #expect(endpoints.contains("HEAD /v1/{prefix}/namespaces/{namespace}"))
    }

    @Test("config without a warehouse, with an unknown one or with two says which fault it is")
    func badConfig() async throws {
        for (target, status, type) in [
            ("/catalog/v1/config", 400, "BadRequestException"),
            ("/catalog/v1/config?warehouse=local_none", 404, "NoSuchWarehouseException"),
            ("/catalog/local/lake/v1/config?warehouse=local_sea", 400, "BadRequestException"),
            ("/catalog/v1/local_none/namespaces", 404, "NoSuchWarehouseException"),
            ("/catalog/local/lake/v1/local_sea/namespaces", 400, "BadRequestException"),
        ] {
            let answer = try await fixture.send("GET", target)
            #expect(answer.status == status && answer.errorType == type, "\(target)")
            #expect(answer.body["error"]?["code"]?.integer == Int64(status))
        }
    }

    @Test("routes work below every base")
    func bases() async throws {
        try await fixture.populate()
        for base in [
            "/catalog/v1/local_lake", "/catalog/v1/lake", "/catalog/local/lake/v1",
            "/catalog/local/lake/v1/local_lake",
        ] {
            let answer = try await fixture.send("GET", base + "/namespaces")
            #expect(answer.body["namespaces"] == [["web"]], "\(base)")
            let table = try await fixture.send("GET", base + "/namespaces/web%1Fraw/tables/clicks")
            #expect(table.status == 200, "\(base)")
        }
    }

    @Test("a namespace is created, shown, changed and dropped")
    func namespaces() async throws {
        let made = try await fixture.send(
            "POST", base + "/namespaces", ["namespace": ["a b"], "properties": ["owner": "ann"]])
        #expect(made.status == 200 && made.body == ["namespace": ["a b"], "properties": ["owner": "ann"]])
        let path = base + "/namespaces/a%20b"
        #expect(
            try await fixture.send("POST", base + "/namespaces", ["namespace": ["a b"]]).errorType
                == "AlreadyExistsException")
        #expect(try await fixture.send("HEAD", path).status == 204)
        let changed = try await fixture.send(
            "POST", path + "/properties", ["removals": ["owner", "x"], "updates": ["k": "v"]])
        #expect(changed.body == ["updated": ["k"], "removed": ["owner"], "missing": ["x"]])
        #expect(try await fixture.send("GET", path).body["properties"] == ["k": "v"])
        let both = try await fixture.send(
            "POST", path + "/properties", ["removals": ["k"], "updates": ["k": "v"]])
        #expect(both.status == 422 && both.errorType == "UnprocessableEntityException")
        #expect(try await fixture.send("DELETE", path).status == 204)
        #expect(try await fixture.send("HEAD", path).status == 404)
        #expect(try await fixture.send("DELETE", path).errorType == "NoSuchNamespaceException")
        #expect(try await fixture.send("POST", base + "/namespaces", ["namespace": ["a.b"]]).status == 400)
        let orphan = try await fixture.send("POST", base + "/namespaces", ["namespace": ["no", "child"]])
        #expect(orphan.errorType == "NoSuchNamespaceException")
    }

    @Test("a namespace that is not empty stays")
    func notEmpty() async throws {
        try await fixture.populate()
        for path in ["/namespaces/web", "/namespaces/web%1Fraw"] {
            let answer = try await fixture.send("DELETE", base + path)
            #expect(answer.status == 409 && answer.errorType == "NamespaceNotEmptyException")
        }
    }

    @Test("listings come whole without a page token, and in pages with one")
    func pages() async throws {
        for name in ["a", "b", "c"] {
            _ = try await fixture.send("POST", base + "/namespaces", ["namespace": [.string(name)]])
        }
        let whole = try await fixture.send("GET", base + "/namespaces?pageSize=1")
        #expect(whole.body["namespaces"] == [["a"], ["b"], ["c"]] && whole.body["next-page-token"] == .null)
        var found: [JSONValue] = []
        var token = ""
        var rounds = 0
        repeat {
            let page = try await fixture.send("GET", base + "/namespaces?pageSize=2&pageToken=\(token)")
            found += page.body["namespaces"]?.array ?? []
            #expect(page.body.object?.names.contains("next-page-token") == true)
            token = page.body["next-page-token"]?.string ?? ""
            rounds += 1
        } while !token.isEmpty && rounds < 9
        #expect(found == [["a"], ["b"], ["c"]] && rounds == 2)
        for query in [
            "pageToken=x", "pageSize=abc", "pageSize=0", "pageToken=&pageSize=0", "pageToken=&pageSize=a",
            "parent=%zz",
        ] {
            #expect(try await fixture.send("GET", base + "/namespaces?\(query)").status == 400, "\(query)")
        }
        #expect(
            try await fixture.send("GET", base + "/namespaces?parent=none").errorType
                == "NoSuchNamespaceException")
    }

    @Test(
        "a body that is no JSON, no object or lacks a member is a bad request",
        arguments: [
            "", "{", "[]", "{}", "{\"namespace\": \"web\"}", "{\"namespace\": [1]}",
            "{\"namespace\": [\"w\"], \"properties\": []}",
        ])
    func badBodies(text: String) async throws {
        let answer = try await fixture.sendRaw("POST", base + "/namespaces", Array(text.utf8))
        #expect(answer.status == 400 && answer.errorType == "BadRequestException")
    }

    @Test(
        "who is unknown, may not, or calls a wrong path or method gets an error of the specification's form")
    func refusals() async throws {
        for (method, target, token, status, type) in [
            ("GET", base + "/namespaces", "nobody", 401, "NotAuthorizedException"),
            ("GET", base + "/namespaces", "sql", 403, "ForbiddenException"),
            ("POST", base + "/namespaces", "reader", 403, "ForbiddenException"),
            ("GET", "/catalog/v1/local_lake/nothing", "root", 404, "NotFoundException"),
            ("PUT", base + "/namespaces", "root", 405, "UnsupportedOperationException"),
        ] {
            let answer = try await fixture.send(method, target, ["namespace": ["x"]], as: token)
            #expect(answer.errorType == type, "\(method) \(target)")
            #expect(answer.status == status, "\(method) \(target)")
        }
    }

    @Test("a token that cannot reach a bucket does not learn whether it has a catalog")
    func hidesWarehouses() async throws {
        let hidden = try await fixture.send(
            "GET", "/catalog/v1/config?warehouse=local_sea", as: "lake-reader")
        let missing = try await fixture.send(
            "GET", "/catalog/v1/config?warehouse=local_none", as: "lake-reader")
        #expect(hidden.status == 403 && missing.status == 403)
        #expect(
            try await fixture.send("GET", "/catalog/v1/config?warehouse=local_lake", as: "lake-reader").status
                == 200)
    }

    @Test("a token for one table sees the way to it and nothing beside")
    func tableScope() async throws {
        try await fixture.populate()
        _ = try await fixture.send("POST", base + "/namespaces", ["namespace": ["secret"]])
        _ = try await fixture.send(
            "POST", base + "/namespaces/web%1Fraw/tables", ["name": "other", "schema": APIFixture.schema])
        func get(_ path: String) async throws -> APIFixture.Answer {
            try await fixture.send("GET", base + path, as: "clicks")
        }
        #expect(try await get("/namespaces").body["namespaces"] == [["web"]])
        #expect(try await get("/namespaces?parent=web").body["namespaces"] == [["web", "raw"]])
        let tables = try await get("/namespaces/web%1Fraw/tables").body["identifiers"]
        #expect(tables == [["namespace": ["web", "raw"], "name": "clicks"]])
        #expect(try await get("/namespaces/web%1Fraw/tables/clicks").status == 200)
        for path in [
            "/namespaces/web%1Fraw/tables/other", "/namespaces/web%1Fraw/tables/none", "/namespaces/secret",
            "/namespaces/none", "/namespaces/secret/tables", "/namespaces?parent=none",
        ] {
            #expect(try await get(path).status == 403, "\(path)")
        }
    }

    @Test("the OAuth endpoint hands back the token it is shown")
    func oauth() async throws {
        func post(_ form: String, headers: [String: String] = [:]) async throws -> APIFixture.Answer {
            try await fixture.sendRaw("POST", "/catalog/v1/oauth/tokens", Array(form.utf8), headers: headers)
        }
        let good = try await post(
            "grant_type=client_credentials&client_id=x&client_secret=lake%2Dreader&scope=catalog")
        #expect(good.status == 200 && good.body["access_token"]?.string == "lake-reader")
        #expect(good.body["token_type"]?.string == "bearer")
        let basic = try await post(
            "grant_type=client_credentials", headers: ["authorization": "Basic aWQ6cmVhZGVy"])
        #expect(basic.body["access_token"]?.string == "reader")
        let bad = try await post("grant_type=client_credentials&client_secret=nobody")
        #expect(bad.status == 401 && bad.body["error"]?.string == "invalid_client")
        let grant = try await post("grant_type=password&client_secret=root")
        #expect(grant.status == 400 && grant.body["error"]?.string == "unsupported_grant_type")
        #expect(try await post("grant_type=%zz").status == 400)
    }

    @Test("an outcome nobody knows is never told as the client's fault")
    func unknownOutcomes() {
        let faults: [any Error] = [
            CatalogError(.commitOutcomeUnknown, "nobody knows"),
            MetastoreError(.outcomeUnknown, "nobody knows whether it was written"),
        ]
        for fault in faults {
            let (status, type) = CatalogErrorBody.classify(fault)
            #expect(status == 500 && type == "CommitStateUnknownException", "\(fault)")
        }
    }
}
