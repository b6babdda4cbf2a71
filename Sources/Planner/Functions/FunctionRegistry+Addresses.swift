import Columnar
import Kernels

extension FunctionRegistry {
    /// Parts of URLs, internet addresses, and values inside JSON by JSONPath.
    static let addresses: [FunctionDefinition] = [
        FunctionDefinition(
            .urlProtocol, aliases: ["url_scheme"], [.text], .type(.string),
            ("url_protocol('https://a.b/c')", "'https'")),
        FunctionDefinition(
            .urlHost, aliases: ["url_extract_host"], [.text], .type(.string),
            ("url_host('https://u@a.b:8080/c?x=1')", "'a.b'")),
        FunctionDefinition(
            .urlPort, aliases: ["url_extract_port"], [.text], .type(.long),
            ("url_port('https://a.b:8080/c')", "8080")),
        FunctionDefinition(
            .urlPath, aliases: ["url_extract_path"], [.text], .type(.string),
            ("url_path('https://a.b/c/d?x=1')", "'/c/d'")),
        FunctionDefinition(
            .urlQuery, aliases: ["url_extract_query"], [.text], .type(.string),
            ("url_query('https://a.b/c?x=1&y=2#z')", "'x=1&y=2'")),
        FunctionDefinition(
            .urlFragment, aliases: ["url_extract_fragment"], [.text], .type(.string),
            ("url_fragment('https://a.b/c#z')", "'z'")),
        FunctionDefinition(
            .urlParameter, aliases: ["url_extract_parameter"], [.text, .text], .type(.string),
            ("url_parameter('https://a.b/?q=a%20b&r=2', 'q')", "'a b'")),
        FunctionDefinition(
            .urlEncode, [.text], .type(.string),
            ("url_encode('a b/c')", "'a%20b%2Fc'")),
        FunctionDefinition(
            .urlDecode, [.text], .type(.string),
            ("url_decode('a%20b+c')", "'a b c'")),
        FunctionDefinition(
            .ipFamily, [.text], .type(.long),
            ("ip_family('::1')", "6")),
        FunctionDefinition(
            .cidrContains, [.text, .text], .type(.boolean),
            ("cidr_contains('10.0.0.0/8', '10.1.2.3')", "true")),
        FunctionDefinition(
            .ipTruncate, [.text, .integer], optional: [.integer], .type(.string),
            ("ip_truncate('192.168.7.9', 24)", "'192.168.7.0'")),
        FunctionDefinition(
            .ipHash, [.text, .text], .type(.string),
            ("length(ip_hash('10.0.0.1', 'salt'))", "64")),
        FunctionDefinition(
            .extractJSON, [.json, .text], .type(.list(Field("element", .string))),
            ("extract_json('{\"a\": [1, 2]}', '$.a[*]')[2]", "'2'")),
        FunctionDefinition(
            .extractJSONString, [.json, .text], .type(.string),
            ("extract_json_string('{\"a\": [\"x\"]}', '$.a[0]')", "'x'")),
    ]
}
