import JSONText
import Telemetry
import Testing
import Wire

@Suite("Router")
struct RouterTests {
    private func request(_ method: String, _ target: String) -> Request {
        Request(id: RequestID("r"), method: method, target: RequestTarget(target))
    }

    private func router() -> Router {
        var router = Router(log: .silent)
        router.add("GET", "/a/{name}") { .text("name " + (try $0.parameter("name"))) }
        router.add("GET", "/a/special") { _ in .text("special") }
        router.add("PUT", "/o/{bucket}/{key...}") {
            .text("\($0.rawParameters["bucket"] ?? "-") \($0.rawParameters["key"] ?? "-")")
        }
        router.add("GET", "/a/{other}/b") { .text("other " + (try $0.parameter("other"))) }
        return router
    }

    private func text(_ response: Response) -> String {
        if case .bytes(let bytes) = response.body { String(decoding: bytes, as: UTF8.self) } else { "" }
    }

    @Test(
        "literals win over parameters, and parameters are decoded once",
        arguments: [
            ("GET", "/a/special", "special"), ("GET", "/a/special/b", "other special"),
            ("GET", "/a/x%2Fy%1Fz%2525", "name x/y\u{1F}z%25"), ("PUT", "/o/b/x//y%2F/", "b x//y%2F/"),
            ("HEAD", "/a/k?x=/y", "name k"), ("GET", "http://host/a/k", "name k"),
        ])
    func finds(method: String, target: String, expected: String) async {
        #expect(text(await router().answer(request(method, target))) == expected)
    }

    @Test(
        "what has no route is 404, another method 405 with Allow, broken escapes 400",
        arguments: [
            ("GET", "/", 404), ("GET", "/a", 404), ("GET", "/a/", 404), ("GET", "/o/b", 404),
            ("DELETE", "/a/x", 405),
            ("GET", "/a/%zz", 400), ("GET", "/a/%f", 400), ("GET", "/a/%ff", 400), ("OPTIONS", "/a/x", 204),
            ("GET", "//a/x", 404),
        ])
    func refuses(method: String, target: String, status: Int) async {
        let response = await router().answer(request(method, target))
        #expect(response.status == status)
        if status == 405 || status == 204 { #expect(response.headers["Allow"] == "GET, HEAD, OPTIONS") }
        if status == 404 { #expect(text(response).contains("\"code\":7003")) }
    }

    @Test("a declared length over the limit is refused before the handler runs")
    func refusesLongBodies() async throws {
        var router = Router(log: .silent)
        router.add("POST", "/x", bodyLimitBytes: 10) { _ in .text("no") }
        let long = Request(
            id: RequestID("r"), method: "POST", target: RequestTarget("/x"), headers: ["Content-Length": "11"]
        )
        #expect(await router.answer(long).status == 413)
        #expect(try #require(router.refuse(long)).status == 413)
        #expect(router.refuse(request("POST", "/x")) == nil)
    }
}
