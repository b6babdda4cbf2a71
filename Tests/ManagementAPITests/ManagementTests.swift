import Identity
import JSONText
import Testing

@Suite("Management API")
struct ManagementTests {
    @Test("buckets are created, listed page by page, read and deleted")
    func buckets() async throws {
        let api = try await ManagementFixture()
        for name in ["alpha", "beta-1", "gamma"] {
            let made = try await api.call(
                "POST", "r2/buckets", ["name": .string(name), "locationHint": "weur"])
            #expect(made.status == 200)
            #expect(made.result["name"]?.string == name)
        }
        let first = try await api.call("GET", "r2/buckets?per_page=2")
        #expect(first.result["buckets"]?.array?.map { $0["name"]?.string } == ["alpha", "beta-1"])
        let cursor = try #require(first.json["result_info"]?["cursor"]?.string)
        let second = try await api.call("GET", "r2/buckets?per_page=2&cursor=\(cursor)")
        #expect(second.result["buckets"]?.array?.map { $0["name"]?.string } == ["gamma"])
        #expect(second.json["result_info"]?["cursor"] == nil)
        let again = try await api.call("POST", "r2/buckets", ["name": "alpha"])
        #expect(again.status == 409 && again.code == 10_004)
        #expect(try await api.call("DELETE", "r2/buckets/alpha").status == 200)
        let gone = try await api.call("GET", "r2/buckets/alpha")
        #expect(gone.status == 404 && gone.code == 10_006)
    }

    @Test("names and bodies that are wrong are 400", arguments: ["UPPER", "ab", "-x-", "a_b", "", "a/b"])
    func badNames(name: String) async throws {
        let api = try await ManagementFixture()
        let answer = try await api.call("POST", "r2/buckets", ["name": .string(name)])
        #expect(answer.status == 400 && answer.code == 10_005)
        for body in ["{", "[]", "{}", "{\"name\":7}", ""] {
            #expect(
                try await api.call("POST", "r2/buckets", bytes: Array(body.utf8)).status == 400, "\(body)")
        }
    }

    @Test(
        "a catalog is enabled, read, listed and disabled under both names",
        arguments: ["r2-catalog", "basin-catalog"])
    func warehouses(base: String) async throws {
        let api = try await ManagementFixture()
        #expect(try await api.call("POST", base + "/lake/enable").status == 404)
        _ = try await api.call("POST", "r2/buckets", ["name": "lake"])
        let enabled = try await api.call("POST", base + "/lake/enable")
        #expect(enabled.result["name"]?.string == "local_lake")
        #expect(try await api.call("GET", base + "/lake").result["status"]?.string == "active")
        #expect(try await api.call("GET", base).result["warehouses"]?.array?.count == 1)
        #expect(try await api.call("POST", base + "/lake/disable").status == 200)
        #expect(try await api.call("GET", base + "/lake").result["status"]?.string == "inactive")
        #expect(try await api.call("POST", base + "/lake/enable").result["id"] == enabled.result["id"])
        #expect(try await api.call("DELETE", "r2/buckets/lake").status == 200)
        #expect(try await api.call("GET", base + "/lake").status == 404)
    }

    @Test("strays of a bucket are listed for whoever manages all of its catalog")
    func strays() async throws {
        let api = try await ManagementFixture()
        _ = try await api.call("POST", "r2/buckets", ["name": "lake"])
        #expect(try await api.call("GET", "firn/tables/lake/check").status == 404)
        _ = try await api.call("POST", "r2-catalog/lake/enable")
        let answer = try await api.call("GET", "firn/tables/lake/check")
        #expect(answer.result == ["stray_count": 0, "strays": [], "checked": ["objects": 0]])
        for (scope, status) in [
            ("catalog:manage:bucket=lake", 200), ("catalog:manage:bucket=lake,namespace=web", 403),
            ("catalog:read:bucket=lake", 403),
        ] {
            let token = try await api.tokens.create(
                name: scope, scopes: [try Scope(parsing: scope)], expires: nil, by: "test"
            ).value
            #expect(try await api.call("GET", "firn/tables/lake/check", token: token).status == status)
        }
    }

    @Test("a stream has the members that the SDK needs, by id and by name")
    func streams() async throws {
        let api = try await ManagementFixture()
        let made = try await api.call(
            "POST", "pipelines/v1/streams",
            [
                "name": "clicks", "http": ["enabled": true, "authentication": false],
                "schema": ["fields": [["name": "id", "type": "int64", "required": true]]],
            ])
        #expect(made.status == 200, "\(made.json)")
        let id = try #require(made.result["id"]?.string)
        #expect(made.result["endpoint"]?.string == "http://firn.test/ingest/\(id)")
        for member in [
            "name", "version", "created_at", "modified_at", "http", "worker_binding", "schema", "format",
        ] {
            #expect(made.result[member] != nil, "\(member)")
        }
        #expect(try await api.call("GET", "pipelines/v1/streams/clicks").result == made.result)
        let changed = try await api.call(
            "PATCH", "pipelines/v1/streams/\(id)", ["http": ["enabled": false, "authentication": true]])
        #expect(changed.result["http"]?["enabled"] == false)
        #expect(changed.result["version"]?.integer == 2)
        let page = try await api.call("GET", "pipelines/v1/streams?page=1&per_page=20")
        #expect(page.result.array?.count == 1)
        #expect(try await api.call("GET", "pipelines/v1/streams?page=2").result.array?.isEmpty == true)
        #expect(try await api.call("GET", "pipelines/v1/streams?page=0").status == 400)
        #expect(try await api.call("POST", "pipelines/v1/streams", ["name": "clicks"]).status == 409)
        #expect(try await api.call("DELETE", "pipelines/v1/streams/\(id)").status == 200)
        #expect(try await api.call("GET", "pipelines/v1/streams/\(id)").status == 404)
    }

    @Test("tokens show their value once, and never again")
    func tokens() async throws {
        let api = try await ManagementFixture()
        let made = try await api.call(
            "POST", "firn/tokens",
            ["name": "reader", "scopes": ["catalog:read:bucket=lake"], "expires_in_seconds": 60])
        let value = try #require(made.result["value"]?.string)
        let id = try #require(made.result["id"]?.string)
        #expect(try await api.call("GET", "r2-catalog", token: value).status == 200)
        let refused = try await api.call("GET", "firn/tokens", token: value)
        #expect(refused.status == 403 && refused.firnCode == "IDN-102" && refused.message.contains("admin"))
        #expect(try await api.call("GET", "firn/tokens").json.description.contains(value) == false)
        #expect(try await api.call("DELETE", "firn/tokens/\(id)").status == 200)
        #expect(try await api.call("GET", "r2-catalog", token: value).status == 401)
        for body: JSONValue in [
            ["name": "x"], ["name": "x", "scopes": []], ["name": "x", "scopes": ["root"]],
            ["name": "x", "scopes": ["admin"], "colour": 1],
            ["name": "x", "scopes": ["admin"], "expires_in_seconds": 0],
        ] {
            #expect(try await api.call("POST", "firn/tokens", body).status == 400, "\(body)")
        }
    }

    @Test("lists show only what a token may see")
    func filteredLists() async throws {
        let api = try await ManagementFixture()
        for name in ["mine", "yours"] {
            _ = try await api.call("POST", "r2/buckets", ["name": .string(name)])
        }
        let token = try await api.tokens.create(
            name: "mine", scopes: [try Scope(parsing: "storage:read:bucket=mine")], expires: nil, by: "test"
        ).value
        let listed = try await api.call("GET", "r2/buckets", token: token)
        #expect(listed.result["buckets"]?.array?.map { $0["name"]?.string } == ["mine"])
        #expect(try await api.call("GET", "r2/buckets/yours", token: token).status == 403)
        #expect(try await api.call("GET", "r2/buckets/nothere", token: token).status == 403)
        #expect(try await api.call("GET", "pipelines/v1/streams", token: token).status == 403)
    }

    @Test("tools that ask for accounts and for their token get an answer")
    func accounts() async throws {
        let api = try await ManagementFixture()
        #expect(try await api.call("GET", "/client/v4/accounts").result.array?.first?["id"] == "local")
        #expect(try await api.call("GET", "/client/v4/accounts?page=2").result.array?.isEmpty == true)
        #expect(try await api.call("GET", "/client/v4/user/tokens/verify").result["status"] == "active")
        #expect(try await api.call("GET", "tokens/verify").result["status"] == "active")
        #expect(try await api.call("GET", "/client/v4/accounts", token: "").status == 401)
    }

    @Test("lists of statements say how long they are, and a node knows its cluster")
    func operations() async throws {
        let fixture = try await ManagementFixture()
        let info = try await fixture.call("GET", "firn/queries?limit=5").json["result_info"]
        #expect(info == ["page": 1, "per_page": 5, "count": 0, "total_count": 0])
        let nodes = try await fixture.call("GET", "firn/cluster").result["nodes"]?.array
        #expect(nodes?.count == 1)
        #expect(try await fixture.call("GET", "firn/cluster", token: "").status == 401)
    }

    @Test("statements can be chosen by state, and a token that may less sees its own")
    func ownStatements() async throws {
        let api = try await ManagementFixture()
        #expect(try await api.call("GET", "firn/queries?state=running").status == 200)
        let wrong = try await api.call("GET", "firn/queries?state=sleeping")
        #expect(wrong.status == 400 && wrong.firnCode == "MGT-102")
        let token = try await api.tokens.create(
            name: "mine", scopes: [try Scope(parsing: "sql:read:bucket=lake")], expires: nil, by: "test"
        ).value
        let listed = try await api.call("GET", "firn/queries", token: token)
        #expect(listed.status == 200 && listed.result.array?.isEmpty == true)
        #expect(try await api.call("POST", "firn/queries/nope/cancel", token: token).status == 404)
    }

    @Test("strangers, other accounts and unknown paths are turned away")
    func turnsAway() async throws {
        let api = try await ManagementFixture()
        let stranger = try await api.call("GET", "r2/buckets", token: "")
        #expect(stranger.status == 401 && stranger.code == 10_000)
        #expect(try await api.call("GET", "r2/buckets", token: "wrong").status == 401)
        #expect(try await api.call("GET", "/client/v4/accounts/other/r2/buckets").firnCode == "MGT-101")
        #expect(try await api.call("GET", "/client/v4/accounts/other/r2/buckets", token: "x").status == 401)
        #expect(try await api.call("GET", "nothing/here").code == 7003)
        #expect(try await api.call("PUT", "r2/buckets").status == 405)
        #expect(try await api.call("GET", "firn/settings").result["listen"]?.string == "127.0.0.1:0")
    }
}
