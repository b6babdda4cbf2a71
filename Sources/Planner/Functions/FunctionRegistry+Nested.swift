import Columnar
import Kernels

extension FunctionRegistry {
    static let json: [FunctionDefinition] = [
        FunctionDefinition(
            .jsonGet, [.json], rest: .jsonStep, .type(.json), ("json_get('{\"a\": [1, 2]}', 'a', 1)", "'2'")),
        FunctionDefinition(
            .jsonGetJSON, [.json], rest: .jsonStep, .type(.string),
            ("json_get_json('{\"a\": [1]}', 'a')", "'[1]'")),
        FunctionDefinition(
            .jsonGetString, [.json], rest: .jsonStep, .type(.string),
            ("json_get_str('{\"a\": \"x\"}', 'a')", "'x'")),
        FunctionDefinition(
            .jsonGetInteger, [.json], rest: .jsonStep, .type(.long), ("json_get_int('{\"a\": 7}', 'a')", "7")),
        FunctionDefinition(
            .jsonGetFloat, [.json], rest: .jsonStep, .type(.double),
            ("json_get_float('{\"a\": 1.5}', 'a')", "1.5")),
        FunctionDefinition(
            .jsonGetBoolean, [.json], rest: .jsonStep, .type(.boolean),
            ("json_get_bool('{\"a\": true}', 'a')", "true")),
        FunctionDefinition(
            .jsonGetArray, [.json], rest: .jsonStep, .type(.list(Field("element", .string))),
            ("json_get_array('[1, 2]')[2]", "'2'")),
        FunctionDefinition(
            .jsonGetMap, [.json], rest: .jsonStep,
            .type(.map(key: Field("key", .string, isRequired: true), value: Field("value", .string))),
            ("map_values(json_get_map('{\"a\": [1]}'))[1]", "'[1]'")),
        FunctionDefinition(
            .jsonAsText, [.json], rest: .jsonStep, .type(.string),
            ("json_as_text('{\"a\": \"x\"}', 'a')", "'x'")),
        FunctionDefinition(
            .jsonContains, [.json], rest: .jsonStep, .type(.boolean),
            ("json_contains('{\"a\": 1}', 'a')", "true")),
        FunctionDefinition(
            .jsonLength, [.json], rest: .jsonStep, .type(.long), ("json_length('[1, 2, 3]')", "3")),
    ]

    private static let element = ResultRule.rule { types in
        if case .list(let element) = types[0] { element.type } else { nil }
    }

    static let nested: [FunctionDefinition] = [
        FunctionDefinition(
            .makeArray, [], rest: .common, .rule { .list(Field("element", $0.first ?? .null)) },
            ("make_array(1, 2)", "[1, 2]")),
        FunctionDefinition(
            .arrayElement, aliases: ["list_element", "array_extract", "list_extract"], [.list, .integer],
            element,
            ("array_element([1, 2], -1)", "2")),
        FunctionDefinition(
            .arrayLength, aliases: ["list_length"], [.list], optional: [.integer], .type(.long),
            ("array_length([1, 2])", "2")),
        FunctionDefinition(
            .arrayHas, aliases: ["array_contains", "list_has", "list_contains"], [.list, .any],
            .type(.boolean),
            ("array_has([1, 2], 2)", "true")),
        FunctionDefinition(
            .arrayToString, aliases: ["list_to_string", "array_join", "list_join"], [.list, .text],
            optional: [.text],
            .type(.string), ("array_to_string([1, 2], '-')", "'1-2'")),
        FunctionDefinition(
            .stringToArray, aliases: ["string_to_list"], [.text, .text], optional: [.text],
            .type(.list(Field("element", .string))), ("string_to_array('a,b', ',')[2]", "'b'")),
        FunctionDefinition(
            .mapKeys, [.map],
            .rule { if case .map(let key, _) = $0[0] { .list(Field("element", key.type)) } else { nil } },
            ("1", "1")),
        FunctionDefinition(
            .mapValues, [.map],
            .rule { if case .map(_, let value) = $0[0] { .list(Field("element", value.type)) } else { nil } },
            ("1", "1")),
        FunctionDefinition(
            .mapExtract, aliases: ["element_at"], [.map, .any],
            .rule { if case .map(_, let value) = $0[0] { .list(Field("element", value.type)) } else { nil } },
            ("1", "1")),
        FunctionDefinition(
            .cardinality, [.any], .rule { $0[0].isNested ? .long : nil }, ("cardinality([1, 2, 3])", "3")),
    ]
}
