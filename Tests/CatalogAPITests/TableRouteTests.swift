import Blobs
import Catalogs
import Effects
import Iceberg
import Identity
import JSONText
import Tables
import TestKit
import Testing
import Wire

@testable import CatalogAPI

@Suite("The catalog's routes of tables")
struct TableRouteTests {
    private let fixture: APIFixture
    private let base = APIFixture.base
    private let tables = APIFixture.base + "/namespaces/web%1Fraw/tables"
    init() async throws {
        fixture = try await APIFixture()
        try await fixture.populate()
    }

    @Test("a table is created with its spec, order and properties, and loaded as it is")
    func creates() async throws {
        let made = try await fixture.send(
            "POST", tables,
            [
                "name": "views", "schema": APIFixture.schema,
                "partition-spec": [
                    "spec-id": 0,
                    "fields": [["source-id": 1, "field-id": 1000, "name": "b", "transform": "bucket[4]"]],
                ],
                "write-order": [
                    "order-id": 1,
                    "fields": [
                        [
                            "source-id": 2, "transform": "identity", "direction": "asc",
                            "null-order": "nulls-last",
                        ]
                    ],
                ], "properties": ["format-version": "2", "p": "q"],
            ])
        #expect(made.status == 200)
        let loaded = try await fixture.send("GET", tables + "/views")
        let metadata = try #require(loaded.body["metadata"])
        #expect(metadata == made.body["metadata"] && metadata["format-version"] == 2)
        #expect(metadata["properties"] == ["p": "q"] && metadata["default-sort-order-id"] == 1)
        #expect(
            metadata["partition-specs"]?.array?.first?["fields"]?.array?.first?["transform"] == "bucket[4]")
        #expect(
            loaded.body["metadata-location"]?.string?.hasPrefix(metadata["location"]?.string ?? "-") == true)
        #expect(try await fixture.send("HEAD", tables + "/views").status == 204)
        let again = try await fixture.send("POST", tables, ["name": "views", "schema": APIFixture.schema])
        #expect(again.status == 409 && again.errorType == "AlreadyExistsException")
    }

    @Test("what cannot be a table is a bad request")
    func badTables() async throws {
        let bodies: [JSONValue] = [
            ["name": "t"], ["schema": APIFixture.schema], ["name": "a.b", "schema": APIFixture.schema],
            [
                "name": "t",
                "schema": [
                    "type": "struct",
                    "fields": [["id": 1, "name": "x", "required": true, "type": "nonsense"]],
                ],
            ],
            ["name": "t", "schema": APIFixture.schema, "location": "s3://sea/t"],
            ["name": "t", "schema": APIFixture.schema, "location": "/etc"],
            ["name": "t", "schema": APIFixture.schema, "stage-create": "yes"],
            [
                "name": "t", "schema": APIFixture.schema,
                "properties": ["write.data.path": "s3://lake/elsewhere"],
            ],
        ]
        for body in bodies {
            let answer = try await fixture.send("POST", tables, body)
            #expect(answer.status == 400 && answer.errorType == "BadRequestException", "\(body)")
        }
        let nowhere = try await fixture.send(
            "POST", base + "/namespaces/none/tables", ["name": "t", "schema": APIFixture.schema])
        #expect(nowhere.errorType == "NoSuchNamespaceException")
    }

    @Test("an answer carries the keys only when they are asked for")
    func vends() async throws {
        let plain = try await fixture.send("GET", tables + "/clicks")
        #expect(plain.body["storage-credentials"] == nil)
        #expect(plain.body["config"]?["s3.endpoint"] == "http://127.0.0.1:9000")
        #expect(plain.body["config"]?["s3.access-key-id"] == nil)
        let keys = try await fixture.send(
            "GET", tables + "/clicks", as: "clicks",
            headers: ["X-Iceberg-Access-Delegation": "remote-signing, vended-credentials"])
        let entry = try #require(keys.body["storage-credentials"]?.array?.first)
        #expect(entry["config"]?["s3.access-key-id"] == "id-clicks")
        #expect(entry["config"]?["s3.region"] == "auto" && entry["config"] == keys.body["config"])
        #expect(
            entry["config"]?["client.refresh-credentials-endpoint"]
                == "v1/local_lake/namespaces/web%1Fraw/tables/clicks/credentials")
        let location = try #require(keys.body["metadata"]?["location"]?.string)
        #expect(entry["prefix"]?.string == location + "/")
        let alone = try await fixture.send("GET", tables + "/clicks/credentials", as: "clicks")
        #expect(alone.body["storage-credentials"]?.array?.first == entry)
    }

    @Test("keys reach the table's files only, to write for those who may write it, and for an hour")
    func vendsLittle() async throws {
        func principal(of token: String) async throws -> (Principal, Instant) {
            let answer = try await fixture.send("GET", tables + "/clicks/credentials", as: token)
            let config = try #require(answer.body["storage-credentials"]?.array?.first?["config"])
            let keys = try TemporaryCredential(
                sessionToken: try #require(config["s3.session-token"]?.string), parentSecret: "none",
                vendingSecret: "node's secret", now: fixture.clock.now)
            #expect(keys.secret == config["s3.secret-access-key"]?.string)
            #expect(config["s3.session-token-expires-at-ms"]?.string == "\(keys.expires.milliseconds)")
            // The parents of these have no rights on storage at all.
            return (keys.principal(of: Principal(tokenID: "id-\(token)", scopes: [])), keys.expires)
        }
        let loaded = try await fixture.send("GET", tables + "/clicks")
        let location = try TableLocation(try #require(loaded.body["metadata"]?["location"]?.string))
        let (writer, expires) = try await principal(of: "clicks")
        let (reader, _) = try await principal(of: "reader")
        let inside = Resource.object("lake", location.key + "/data/a.parquet")
        #expect(writer.allows(.storageWrite, on: inside) && writer.allows(.storageRead, on: inside))
        #expect(!reader.allows(.storageWrite, on: inside) && reader.allows(.storageRead, on: inside))
        for other in [location.key, location.key + "2/a", "a", ""] {
            #expect(!writer.allows(.storageRead, on: .object("lake", other)), "\(other)")
        }
        #expect(!writer.allows(.storageRead, on: .bucket("lake")) && !writer.allows(.catalogRead, on: inside))
        #expect(expires.microseconds - fixture.clock.now.microseconds == 3_600_000_000)
    }

    @Test("not modified is never said to a client whose keys have little time left")
    func keysOutliveTags() async throws {
        let wanted = ["X-Iceberg-Access-Delegation": "vended-credentials"]
        func tag(_ extra: [String: String] = [:]) async throws -> APIFixture.Answer {
            try await fixture.send(
                "GET", tables + "/clicks", as: "clicks", headers: wanted.merging(extra) { $1 })
        }
        let first = try await tag()
        let etag = try #require(first.headers["etag"])
        #expect(try await tag(["if-none-match": etag]).status == 304)
        let plain = try await fixture.send(
            "GET", tables + "/clicks", as: "clicks", headers: ["if-none-match": etag])
        #expect(plain.status == 200 && plain.headers["etag"] != etag)
        let mixed = try await tag(["if-none-match": try #require(plain.headers["etag"])])
        #expect(mixed.status == 200 && mixed.body["storage-credentials"] != nil)
        fixture.clock.advance(microseconds: 1_800_000_000)
        let later = try await tag(["if-none-match": etag])
        #expect(later.status == 200 && later.headers["etag"] != etag)
        #expect(later.body["storage-credentials"] != first.body["storage-credentials"])
    }

    @Test("the tag of a version answers not modified until the table changes")
    func etags() async throws {
        let first = try await fixture.send("GET", tables + "/clicks")
        let etag = try #require(first.headers["etag"])
        let same = try await fixture.send("GET", tables + "/clicks", headers: ["if-none-match": etag])
        #expect(same.status == 304 && same.body == .null)
        #expect(try await fixture.send("GET", tables + "/clicks?snapshots=refs").headers["etag"] != etag)
        let changed = try await fixture.send(
            "POST", tables + "/clicks",
            ["requirements": [], "updates": [["action": "set-properties", "updates": ["a": "b"]]]])
        #expect(changed.status == 200 && changed.headers["etag"] != etag)
        #expect(
            try await fixture.send("GET", tables + "/clicks", headers: ["if-none-match": etag]).status == 200)
        #expect(try await fixture.send("GET", tables + "/clicks?snapshots=some").status == 400)
    }

    @Test("not modified is never said to who would be told of another way to the files")
    func etagsOfConfig() async throws {
        let path = tables + "/clicks"
        func load(_ access: String?, from server: APIFixture, known etag: String? = nil) async throws
            -> APIFixture.Answer
        {
            var headers: [String: String] = [:]
            headers["X-Iceberg-Access-Delegation"] = access
            headers["if-none-match"] = etag
            return try await server.send("GET", path, headers: headers)
        }
        let moved = fixture.restarted(publicS3URL: "https://s3.example.org")
        let ways: [(access: String?, server: APIFixture)] = [
            (nil, fixture), ("remote-signing", fixture), ("vended-credentials", fixture), (nil, moved),
            ("remote-signing", moved), ("vended-credentials", moved),
        ]
        for (index, way) in ways.enumerated() {
            let answer = try await load(way.access, from: way.server)
            let etag = try #require(answer.headers["etag"])
            for (other, asked) in ways.enumerated() {
                let again = try await load(asked.access, from: asked.server, known: etag)
                #expect(again.status == (other == index ? 304 : 200), "\(index) then \(other)")
                #expect((again.headers["etag"] == etag) == (other == index))
            }
        }
        // Keys that are asked for by themselves are for who signs.
        let keys = try await fixture.send(
            "GET", path + "/credentials", headers: ["X-Iceberg-Access-Delegation": "remote-signing"])
        let config = keys.body["storage-credentials"]?.array?.first?["config"]
        #expect(config?["s3.remote-signing-enabled"] == "false" && config?["s3.session-token"] != nil)
        // Its name is part of where requests are signed.
        let signed = try #require(try await load("remote-signing", from: fixture).headers["etag"])
        let renamed = try await fixture.send(
            "POST", base + "/tables/rename",
            [
                "source": ["namespace": ["web", "raw"], "name": "clicks"],
                "destination": ["namespace": ["web"], "name": "visits"],
            ])
        #expect(renamed.status == 204)
        let later = try await fixture.send(
            "GET", base + "/namespaces/web/tables/visits",
            headers: ["X-Iceberg-Access-Delegation": "remote-signing", "if-none-match": signed])
        #expect(later.status == 200)
    }

    @Test("a purge of a table whose files are kept is refused, and nothing is dropped")
    func refusesPurge() async throws {
        let path = tables + "/clicks"
        let kept = try await fixture.send(
            "POST", path,
            [
                "requirements": [],
                "updates": [["action": "set-properties", "updates": ["gc.enabled": "false"]]],
            ])
        let refused = try await fixture.send("DELETE", path + "?purgeRequested=true")
        #expect(
            refused.status == 400 && refused.body["error"]?["message"]?.string?.contains("gc.enabled") == true
        )
        #expect(
            try await fixture.send("GET", path).body["metadata-location"] == kept.body["metadata-location"])
        #expect(try await fixture.send("DELETE", path).status == 204)
    }

    @Test("a commit changes the table, and its faults have the names clients know")
    func commits() async throws {
        func commit(_ body: JSONValue, table: String = "clicks") async throws -> APIFixture.Answer {
            try await fixture.send("POST", tables + "/" + table, body)
        }
        let set: JSONValue = ["action": "set-properties", "updates": ["a": "b"]]
        let good = try await commit(["requirements": [], "updates": [set]])
        #expect(good.status == 200 && good.body["metadata"]?["properties"]?["a"] == "b")
        #expect(good.body["metadata-location"]?.string?.isEmpty == false)
        let stale = try await commit([
            "requirements": [["type": "assert-ref-snapshot-id", "ref": "main", "snapshot-id": 5]],
            "updates": [set],
        ])
        #expect(stale.status == 409 && stale.errorType == "CommitFailedException")
        for body in [[:], ["requirements": []], ["updates": [set]]] as [JSONValue] {
            #expect(try await commit(body).status == 400)
        }
        #expect(try await fixture.send("POST", base + "/transactions/commit", [:]).status == 400)
        let unknown = try await commit(["requirements": [], "updates": [["action": "dance"]]])
        #expect(unknown.status == 400 && unknown.errorType == "BadRequestException")
        let requirement = try await commit(["requirements": [["type": "assert-moon"]], "updates": []])
        #expect(requirement.status == 400)
        let none = try await commit(["requirements": [], "updates": [set]], table: "none")
        #expect(none.status == 404 && none.errorType == "NoSuchTableException")
        let other = try await commit([
            "identifier": ["namespace": ["web", "raw"], "name": "other"], "requirements": [],
            "updates": [set],
        ])
        #expect(other.status == 400)
        let moved = try await commit([
            "requirements": [], "updates": [["action": "set-location", "location": "s3://lake/x"]],
        ])
        #expect(moved.status == 400)
    }

    @Test("a commit names a manifest list that is there, unless it is a conflict anyhow")
    func manifestLists() async throws {
        let location = try #require(
            try await fixture.send("GET", tables + "/clicks").body["metadata"]?["location"]?.string)
        let list = location + "/metadata/snap-1.avro"
        func commit(parent: JSONValue) async throws -> APIFixture.Answer {
            try await fixture.send(
                "POST", tables + "/clicks",
                [
                    "requirements": [
                        ["type": "assert-ref-snapshot-id", "ref": "main", "snapshot-id": parent]
                    ],
                    "updates": [
                        [
                            "action": "add-snapshot",
                            "snapshot": [
                                "snapshot-id": 1, "sequence-number": 1, "timestamp-ms": 1,
                                "manifest-list": .string(list), "summary": ["operation": "append"],
                            ],
                        ],
                        [
                            "action": "set-snapshot-ref", "ref-name": "main", "type": "branch",
                            "snapshot-id": 1,
                        ],
                    ],
                ])
        }
        let missing = try await commit(parent: nil)
        #expect(missing.status == 400 && missing.errorType == "BadRequestException")
        #expect(try await commit(parent: 9).status == 409)
        let path = try #require(BlobPath(uri: list))
        let snapshot = Snapshot(
            snapshotID: 1, parentID: nil, sequenceNumber: 1, timestampMilliseconds: 1, manifestList: list)
        let bytes = try ManifestListFile.write(
            [], of: snapshot, formatVersion: 2, sync: [UInt8](repeating: 1, count: 16))
        _ = try await fixture.store.put(path, bytes, if: .always)
        #expect(try await commit(parent: nil).status == 200)
    }

    @Test("files of one name in two folders are two versions")
    func etagsOfPlaces() async throws {
        let loaded = try await fixture.catalog.loadTable(
            TableIdentifier(namespace: Namespace(["web", "raw"]), name: "clicks"),
            in: try await fixture.catalog.warehouse(named: "lake"))
        let tags = ["s3://lake/a/v1.metadata.json", "s3://lake/b/v1.metadata.json"].map {
            TableAnswer(metadata: loaded.metadata, metadataLocation: $0).etag
        }
        #expect(tags[0] != nil && tags[0] != tags[1])
    }

    @Test("a staged table is nowhere until its commit creates it")
    func stages() async throws {
        let staged = try await fixture.send(
            "POST", tables, ["name": "late", "schema": APIFixture.schema, "stage-create": true])
        #expect(staged.status == 200 && staged.body["metadata-location"] == nil)
        #expect(try await fixture.send("HEAD", tables + "/late").status == 404)
        let metadata = try #require(staged.body["metadata"])
        let schema = try #require(metadata["schemas"]?.array?.first)
        let updates: JSONValue = [
            ["action": "assign-uuid", "uuid": metadata["table-uuid"] ?? nil],
            ["action": "upgrade-format-version", "format-version": 2],
            ["action": "add-schema", "schema": schema, "last-column-id": 2],
            ["action": "set-current-schema", "schema-id": -1],
            ["action": "add-spec", "spec": ["spec-id": 0, "fields": []]],
            ["action": "set-default-spec", "spec-id": -1],
            ["action": "add-sort-order", "sort-order": ["order-id": 0, "fields": []]],
            ["action": "set-default-sort-order", "sort-order-id": -1],
            ["action": "set-location", "location": metadata["location"] ?? nil],
        ]
        let made = try await fixture.send(
            "POST", tables + "/late", ["requirements": [["type": "assert-create"]], "updates": updates])
        #expect(made.status == 200 && made.body["metadata"]?["table-uuid"] == metadata["table-uuid"])
        #expect(try await fixture.send("HEAD", tables + "/late").status == 204)
    }

    @Test("tables are renamed, dropped, registered again, and measured")
    func rest() async throws {
        let old: JSONValue = ["namespace": ["web", "raw"], "name": "clicks"]
        let new: JSONValue = ["namespace": ["web"], "name": "visits"]
        #expect(
            try await fixture.send("POST", base + "/tables/rename", ["source": old, "destination": new])
                .status == 204)
        #expect(
            try await fixture.send("POST", base + "/tables/rename", ["source": old, "destination": new])
                .status == 404)
        let path = base + "/namespaces/web/tables/visits"
        let report: JSONValue = [
            "report-type": "scan-report", "table-name": "visits", "filter": true, "metrics": [:],
        ]
        #expect(try await fixture.send("POST", path + "/metrics", report).status == 204)
        #expect(
            try await fixture.send("POST", path + "/metrics", ["report-type": "scan-report"]).status == 400)
        for _ in 0..<2 {
            let most: JSONValue = [
                "report-type": "scan-report", "table-name": "visits", "filter": true,
                "metrics": [
                    "total-planning-duration": [
                        "count": 1, "time-unit": "nanoseconds", "total-duration": JSONValue(Int64.max),
                    ], "result-data-files": ["unit": "count", "value": JSONValue(Int64.max)],
                ],
            ]
            #expect(try await fixture.send("POST", path + "/metrics", most).status == 204)
        }
        let renamed = try await fixture.send("GET", path)
        let file = try #require(renamed.body["metadata-location"])
        #expect(try await fixture.send("DELETE", path).status == 204)
        let none = try await fixture.send("DELETE", path)
        #expect(none.status == 404 && none.errorType == "NoSuchTableException")
        let back = try await fixture.send(
            "POST", base + "/namespaces/web/register", ["name": "again", "metadata-location": file])
        #expect(back.status == 200 && back.body["metadata-location"] == file)
        #expect(
            try await fixture.send("DELETE", base + "/namespaces/web/tables/again?purgeRequested=true").status
                == 204)
        #expect(
            try await fixture.store.list(bucket: "lake", prefix: "", after: nil, limit: 9).entries.isEmpty)
    }

    @Test(
        "an unregistered table is gone with its files in place, and register takes it back, also over another one"
    )
    func unregisters() async throws {
        let path = tables + "/clicks"
        let before = try await fixture.send("GET", path)
        let gone = try await fixture.send("POST", path + "/unregister")
        #expect(gone.status == 200 && gone.body["metadata"] == before.body["metadata"])
        let file = try #require(gone.body["metadata-location"])
        #expect(file == before.body["metadata-location"] && Set(gone.body.object?.names ?? []).count == 2)
        let again = try await fixture.send("POST", path + "/unregister")
        #expect(again.status == 404 && again.errorType == "NoSuchTableException")
        let commit: JSONValue = ["requirements": [], "updates": []]
        #expect(try await fixture.send("POST", path, commit).errorType == "NoSuchTableException")
        let other = try await fixture.send("POST", tables, ["name": "clicks", "schema": APIFixture.schema])
        let register = base + "/namespaces/web%1Fraw/register"
        let plain = try await fixture.send("POST", register, ["name": "clicks", "metadata-location": file])
        #expect(plain.status == 409 && plain.errorType == "AlreadyExistsException")
        let over: JSONValue = ["name": "clicks", "metadata-location": file, "overwrite": true]
        for _ in 0..<2 {
            let back = try await fixture.send("POST", register, over)
            #expect(back.status == 200 && back.body["metadata"] == before.body["metadata"])
        }
        #expect(try await fixture.send("GET", path).body["metadata-location"] == file)
        // The table that was replaced left its files, and its place is free again.
        let third: JSONValue = [
            "name": "third", "metadata-location": other.body["metadata-location"] ?? nil, "overwrite": true,
        ]
        #expect(try await fixture.send("POST", register, third).status == 200)
        let taken: JSONValue = ["name": "third", "metadata-location": file, "overwrite": true]
        #expect(try await fixture.send("POST", register, taken).errorType == "AlreadyExistsException")
        #expect(
            try await fixture.send("GET", tables + "/third").body["metadata-location"]
                == other.body["metadata-location"])
        #expect(try await fixture.send("POST", path + "/unregister", as: "reader").status == 403)
    }

    @Test("a transaction changes several tables or none")
    func transaction() async throws {
        _ = try await fixture.send("POST", tables, ["name": "b", "schema": APIFixture.schema])
        func change(_ name: String, _ requirements: JSONValue) -> JSONValue {
            [
                "identifier": ["namespace": ["web", "raw"], "name": .string(name)],
                "requirements": requirements,
                "updates": [["action": "set-properties", "updates": ["t": "1"]]],
            ]
        }
        let path = base + "/transactions/commit"
        let bad = try await fixture.send(
            "POST", path,
            [
                "table-changes": [
                    change("clicks", []),
                    change("b", [["type": "assert-current-schema-id", "current-schema-id": 9]]),
                ]
            ])
        #expect(bad.status == 409)
        #expect(try await fixture.send("GET", tables + "/clicks").body["metadata"]?["properties"] == [:])
        let denied = try await fixture.send(
            "POST", path, ["table-changes": [change("clicks", []), change("b", [])]], as: "clicks")
        #expect(denied.status == 403)
        let good = try await fixture.send(
            "POST", path, ["table-changes": [change("clicks", []), change("b", [])]])
        #expect(good.status == 204)
        for name in ["clicks", "b"] {
            #expect(
                try await fixture.send("GET", tables + "/" + name).body["metadata"]?["properties"] == [
                    "t": "1"
                ])
        }
    }

    @Test("an etag is found in a list, weakened by a proxy, or as any")
    func etagLists() async throws {
        let path = tables + "/clicks"
        let etag = try #require(try await fixture.send("GET", path).headers["etag"])
        for (known, status) in [
            ("\"x\", \(etag)", 304), ("W/\(etag)", 304), ("*", 304), ("\"x\"", 200), ("junk", 200),
        ] {
            let answer = try await fixture.send("GET", path, headers: ["if-none-match": known])
            #expect(answer.status == status, "\(known)")
        }
    }

    @Test(
        "a commit that names what the table lacks, or no version has, is a bad request and no missing table")
    func refusesUnknownParts() async throws {
        let updates: [JSONValue] = [
            ["action": "set-snapshot-ref", "ref-name": "main", "type": "branch", "snapshot-id": 99],
            ["action": "upgrade-format-version", "format-version": 9],
            ["action": "set-current-schema", "schema-id": 9],
        ]
        for update in updates {
            let body: JSONValue = ["requirements": [], "updates": [update]]
            let answer = try await fixture.send("POST", tables + "/clicks", body)
            #expect(answer.status == 400 && answer.errorType == "BadRequestException", "\(update)")
        }
    }

    @Test("what is no metadata cannot be registered, and saying so is not an error of the server")
    func registersNoJunk() async throws {
        let place = "s3://lake/t/metadata/junk.json"
        _ = try await fixture.store.put(try #require(BlobPath(uri: place)), Array("{}".utf8), if: .always)
        for path in ["register", "register-view"] {
            for file in [place, "s3://lake/t/metadata/none.json"] {
                let answer = try await fixture.send(
                    "POST", base + "/namespaces/web/" + path,
                    ["name": "r", "metadata-location": .string(file)])
                #expect(answer.status == 400 && answer.errorType == "BadRequestException", "\(path) \(file)")
            }
        }
    }

    @Test("a path or method nobody serves is an error in the specification's words")
    func unknownPaths() async throws {
        for (method, path, status) in [
            ("GET", base + "/nothing", 404), ("POST", "/catalog/v2/x", 404), ("PUT", tables + "/clicks", 405),
        ] {
            let answer = try await fixture.send(method, path)
            #expect(answer.status == status && answer.body["error"]?["code"] == JSONValue(status), "\(path)")
        }
    }
}
