import Columnar
import FileFormats
import JSONText
import Testing

@Suite("Stream schemas")
struct StreamSchemaTests {
    @Test("the hosted form is read and written back")
    func roundTrips() throws {
        let text = """
            {"fields":[{"name":"id","type":"string","required":true},{"name":"n","type":"uint64","required":false},\
            {"name":"price","type":"decimal128","precision":9,"scale":2,"required":false},\
            {"name":"at","type":"timestamp","unit":"second","required":true,"metadata_key":"m","sql_name":"s"},\
            {"name":"tags","type":"list","items":{"name":"element","type":"string","required":false},"required":false},\
            {"name":"user","type":"struct","fields":[{"name":"id","type":"int64","required":true}],"required":false}]}
            """
        let schema = try StreamSchema(json: JSONParser.parse(text))
        #expect(schema.json.description == text)
        #expect(
            schema.columns.description
                == "id: string required, n: decimal(20, 0), price: decimal(9, 2), at: timestamptz required, "
                + "tags: list<string>, user: struct<id: long>")
    }

    @Test("no schema means one JSON column")
    func unstructured() throws {
        let schema = try StreamSchema(json: .null)
        #expect(schema == .unstructured && schema.json == .null)
        #expect(schema.columns.description == "value: json required")
    }

    @Test("two spellings of a letter are two names, as in the events")
    func spellings() throws {
        let fields: [JSONValue] = ["\u{E9}", "e\u{301}"].map { ["name": .string($0), "type": "string"] }
        let schema = try StreamSchema(json: ["fields": .array(fields)])
        #expect(schema.columns.count == 2)
    }

    @Test(
        "a wrong schema is refused with the path of the fault",
        arguments: [
            ("{}", "$.fields"), (#"{"fields":[]}"#, "$.fields"),
            (#"{"fields":[{"type":"string"}]}"#, "$.fields[0].name"),
            (#"{"fields":[{"name":"a"}]}"#, "$.fields[0].type"),
            (#"{"fields":[{"name":"a","type":"int"}]}"#, "$.fields[0].type"),
            (#"{"fields":[{"name":"a","type":"bool"},{"name":"a","type":"bool"}]}"#, "$.fields[1].name"),
            (#"{"fields":[{"name":"a","type":"decimal","precision":39}]}"#, "$.fields[0].precision"),
            (#"{"fields":[{"name":"a","type":"decimal","precision":3,"scale":4}]}"#, "$.fields[0].scale"),
            (#"{"fields":[{"name":"a","type":"timestamp","unit":"day"}]}"#, "$.fields[0].unit"),
            (#"{"fields":[{"name":"a","type":"list"}]}"#, "$.fields[0].items"),
            (
                #"{"fields":[{"name":"a","type":"struct","fields":[{"name":"b"}]}]}"#,
                "$.fields[0].fields[0].type"
            ),
            (#"{"fields":[{"name":"a","type":"bool","required":1}]}"#, "$.fields[0].required"),
            (#"{"fields":[{"name":"a","type":"bool","unit":"second"}]}"#, "$.fields[0].unit"),
            (#"{"fields":[{"name":"a","type":"bool","sql_name":1}]}"#, "$.fields[0].sql_name"),
            (
                #"{"fields":[{"name":"a","type":"list","items":{"type":"bool","nullable":true}}]}"#,
                "$.fields[0].items.nullable"
            ),
        ])
    func refuses(text: String, path: String) throws {
        let json = try JSONParser.parse(text)
        let error = #expect(throws: FileFormatsError.self) { try StreamSchema(json: json) }
        #expect(error?.code == .invalidSchema)
        #expect(error?.context.first?.value == path)
    }
}
