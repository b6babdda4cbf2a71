import Identity
import JSONText
import Testing

@Suite struct PipelineRouteTests {
    @Test func aStreamASinkAndAPipelineAreMadeReadAndDeleted() async throws {
        let management = try await ManagementFixture()
        _ = try await management.call("POST", "r2/buckets", ["name": "lake"])
        _ = try await management.call("POST", "r2-catalog/lake/enable")
        let stream = try await management.call(
            "POST", "pipelines/v1/streams",
            ["name": "s", "schema": ["fields": [["name": "id", "type": "int64", "required": true]]]])
        #expect(stream.status == 200)
        let sink = try await management.call(
            "POST", "pipelines/v1/sinks",
            [
                "name": "k", "type": "r2_data_catalog",
                "config": ["bucket": "lake", "namespace": "web", "table_name": "t", "token": "hidden"],
            ])
        #expect(sink.status == 200 && sink.result["type"] == "r2_data_catalog")
        #expect(sink.result["config"]?["token"] == nil)
        let sql: JSONValue = ["name": "p", "sql": "INSERT INTO k SELECT id FROM s"]
        let pipeline = try await management.call("POST", "pipelines/v1/pipelines", sql)
        #expect(pipeline.result["status"] == "running")
        let id = try #require(pipeline.result["id"]?.string)
        let detail = try await management.call("GET", "pipelines/v1/pipelines/\(id)")
        #expect(detail.result["tables"]?.array?.map { $0["type"] } == ["stream", "sink"])
        let stats = try await management.call("GET", "firn/pipelines/p/stats")
        #expect(stats.result["accepted"] == 0 && stats.result["pending"] == 0)
        #expect(try await management.call("GET", "pipelines/v1/pipelines").result.array?.count == 1)
        for (noun, path) in [("streams", "pipelines/v1/streams"), ("sinks", "pipelines/v1/sinks")] {
            let apart: JSONValue =
                noun == "streams"
                ? ["name": "apart"]
                : [
                    "name": "apart", "type": "r2_data_catalog",
                    "config": ["bucket": "lake", "namespace": "web", "table_name": "other"],
                ]
            #expect(try await management.call("POST", path, apart).status == 200)
            #expect(try await management.call("GET", path).result.array?.count == 2)
            let connected = try await management.call("GET", path + "?pipeline_id=\(id)").result.array
            #expect(connected?.map { $0["name"] } == [noun == "streams" ? "s" : "k"])
            #expect(
                try await management.call("GET", path + "?pipeline_id=none").result.array?.isEmpty == true)
            #expect(try await management.call("DELETE", path + "/apart").status == 200)
        }
        let ofStream = try await management.call("GET", "firn/streams/s/stats")
        #expect(ofStream.result["events"] == 0 && ofStream.result["readers"]?.array?.count == 1)
        #expect(try await management.call("GET", "firn/streams/none/stats").status == 404)
        #expect(
            try await management.call("GET", "pipelines/v1/sinks?name=other").result.array?.isEmpty == true)
        #expect(try await management.call("DELETE", "pipelines/v1/sinks/k").status == 409)
        let inUse = try await management.call("DELETE", "r2/buckets/lake")
        #expect(inUse.status == 409 && inUse.message.contains("sinks: k"), "\(inUse)")
    }

    @Test func badSQLIsRefusedWithItsPlace() async throws {
        let management = try await ManagementFixture()
        _ = try await management.call(
            "POST", "pipelines/v1/streams",
            ["name": "s", "schema": ["fields": [["name": "name", "type": "string"]]]])
        let answer = try await management.call(
            "POST", "pipelines/v1/pipelines", ["name": "p", "sql": "INSERT INTO k SELECT nmae FROM s"])
        #expect(answer.status == 400)
        #expect(answer.message.contains("name") && answer.message.contains("line 1"), "\(answer.message)")
        let noSink = try await management.call(
            "POST", "pipelines/v1/validate_sql", ["sql": "INSERT INTO k SELECT name FROM s"])
        #expect(noSink.status == 400 && noSink.message.contains("no sink"), "\(noSink)")
    }
}

@Suite struct StreamRightTests {
    @Test func aLimitNamesAStreamByNameOrById() async throws {
        let api = try await ManagementFixture()
        for name in ["s", "other"] {
            _ = try await api.call("POST", "pipelines/v1/streams", ["name": .string(name)])
        }
        let token = try await api.tokens.create(
            name: "m", scopes: [try Scope(parsing: "pipelines:send:stream=s")], expires: nil, by: "test"
        ).value
        let list = try await api.call("GET", "pipelines/v1/streams", token: token).result.array
        #expect(list?.count == 1)
        #expect(try await api.call("GET", "pipelines/v1/streams/s", token: token).status == 200)
        let hidden = try await api.call("GET", "pipelines/v1/streams/other", token: token)
        #expect(hidden.status == 403)
        // Nothing tells a stream it may not see from none at all.
        let none = try await api.call("GET", "pipelines/v1/streams/none", token: token)
        #expect(none.status == 403 && none.message == hidden.message)
        for name in ["other", "none"] {
            let flush = try await api.call("POST", "firn/streams/\(name)/flush", token: token)
            #expect(flush.status == 403 && flush.message == hidden.message)
        }
        #expect(try await api.call("GET", "pipelines/v1/streams/none").status == 404)
    }
}

@Suite struct SinkRightTests {
    @Test func aSinksMakerNeedsWriteRightsAtItsTable() async throws {
        let api = try await ManagementFixture()
        let token = try await api.tokens.create(
            name: "m", scopes: [Scope(.pipelinesManage), try Scope(parsing: "catalog:write:bucket=pond")],
            expires: nil, by: "test"
        ).value
        let sink: JSONValue = [
            "name": "k", "type": "r2_data_catalog",
            "config": ["bucket": "lake", "namespace": "web", "table_name": "t"],
        ]
        let refused = try await api.call("POST", "pipelines/v1/sinks", sink, token: token)
        #expect(refused.status == 403 && refused.message.contains("catalog:write"))
    }

    @Test func queriesThatNobodyKnowsAreNotFound() async throws {
        let api = try await ManagementFixture()
        #expect(try await api.call("GET", "firn/queries").result.array?.isEmpty == true)
        #expect(try await api.call("POST", "firn/queries/nope/cancel").status == 404)
    }
}
