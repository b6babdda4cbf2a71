import Columnar
import Kernels

extension FunctionRegistry {
    private static let element = ResultRule.rule { types in
        if case .list(let element) = types[0] { element.type } else { nil }
    }

    /// Functions that make lists and maps.
    static let lists: [FunctionDefinition] = [
        FunctionDefinition(
            .arrayAppend, aliases: ["array_push_back", "list_append", "list_push_back"], [.list, .any],
            .argument(0),
            ("array_append([1, 2], 3)", "[1, 2, 3]")),
        FunctionDefinition(
            .arrayPrepend, aliases: ["array_push_front", "list_prepend", "list_push_front"], [.any, .list],
            .argument(1),
            ("array_prepend(1, [2, 3])", "[1, 2, 3]")),
        FunctionDefinition(
            .arrayConcat, aliases: ["array_cat", "list_concat", "list_cat"], [.list], rest: .list,
            .argument(0),
            ("array_concat([1], [2], [3])", "[1, 2, 3]")),
        FunctionDefinition(
            .arrayHasAll, aliases: ["list_has_all"], [.list, .list], .type(.boolean),
            ("array_has_all([1, 2, 3], [1, 3])", "true")),
        FunctionDefinition(
            .arrayHasAny, aliases: ["list_has_any", "arrays_overlap"], [.list, .list], .type(.boolean),
            ("array_has_any([1, 2], [2, 3])", "true")),
        FunctionDefinition(
            .arrayPosition, aliases: ["array_indexof", "list_position", "list_indexof"], [.list, .any],
            optional: [.integer], .type(.long),
            ("array_position([5, 7, 7], 7)", "2")),
        FunctionDefinition(
            .arrayPositions, aliases: ["list_positions"], [.list, .any],
            .type(.list(Field("element", .long))),
            ("array_positions([5, 7, 7], 7)", "[2, 3]")),
        FunctionDefinition(
            .arraySort, aliases: ["list_sort"], [.list], optional: [.text, .text], .argument(0),
            ("array_sort([3, 1, 2], 'DESC')", "[3, 2, 1]")),
        FunctionDefinition(
            .arrayReverse, aliases: ["list_reverse"], [.list], .argument(0),
            ("array_reverse([1, 2])", "[2, 1]")),
        FunctionDefinition(
            .arrayDistinct, aliases: ["list_distinct"], [.list], .argument(0),
            ("array_distinct([2, 1, 2])", "[2, 1]")),
        FunctionDefinition(
            .arrayFlatten, [.list],
            .rule { if case .list(let inner) = $0[0], case .list = inner.type { inner.type } else { nil } },
            ("flatten([[1, 2], [3]])", "[1, 2, 3]")),
        FunctionDefinition(
            .arraySlice, aliases: ["list_slice"], [.list, .integer, .integer], optional: [.integer],
            .argument(0),
            ("array_slice([1, 2, 3, 4], 2, -1)", "[2, 3, 4]")),
        FunctionDefinition(
            .arrayRemove, aliases: ["list_remove"], [.list, .any], .argument(0),
            ("array_remove([1, 2, 1], 1)", "[2, 1]")),
        FunctionDefinition(
            .arrayRemoveN, aliases: ["list_remove_n"], [.list, .any, .integer], .argument(0),
            ("array_remove_n([1, 2, 1, 1], 1, 2)", "[2, 1]")),
        FunctionDefinition(
            .arrayRemoveAll, aliases: ["list_remove_all"], [.list, .any], .argument(0),
            ("array_remove_all([1, 2, 1], 1)", "[2]")),
        FunctionDefinition(
            .arrayReplace, aliases: ["list_replace"], [.list, .any, .any], .argument(0),
            ("array_replace([1, 2, 1], 1, 9)", "[9, 2, 1]")),
        FunctionDefinition(
            .arrayReplaceN, aliases: ["list_replace_n"], [.list, .any, .any, .integer], .argument(0),
            ("array_replace_n([1, 1, 1], 1, 9, 2)", "[9, 9, 1]")),
        FunctionDefinition(
            .arrayReplaceAll, aliases: ["list_replace_all"], [.list, .any, .any], .argument(0),
            ("array_replace_all([1, 2, 1], 1, 9)", "[9, 2, 9]")),
        FunctionDefinition(
            .arrayPopBack, aliases: ["list_pop_back"], [.list], .argument(0),
            ("array_pop_back([1, 2])", "[1]")),
        FunctionDefinition(
            .arrayPopFront, aliases: ["list_pop_front"], [.list], .argument(0),
            ("array_pop_front([1, 2])", "[2]")),
        FunctionDefinition(
            .arrayRepeat, aliases: ["list_repeat"], [.any, .integer],
            .rule { .list(Field("element", $0[0])) },
            ("array_repeat('a', 2)", "['a', 'a']")),
        FunctionDefinition(
            .arrayResize, aliases: ["list_resize"], [.list, .integer], optional: [.any], .argument(0),
            ("array_resize([1], 3, 0)", "[1, 0, 0]")),
        FunctionDefinition(
            .arrayIntersect, aliases: ["list_intersect"], [.list, .list], .argument(0),
            ("array_intersect([1, 2, 3], [3, 2])", "[2, 3]")),
        FunctionDefinition(
            .arrayUnion, aliases: ["list_union"], [.list, .list], .argument(0),
            ("array_union([1, 2], [2, 3])", "[1, 2, 3]")),
        FunctionDefinition(
            .arrayExcept, aliases: ["list_except"], [.list, .list], .argument(0),
            ("array_except([1, 2, 2], [1])", "[2]")),
        FunctionDefinition(
            .arrayMaximum, aliases: ["list_max"], [.list], element,
            ("array_max([1, 3, 2])", "3")),
        FunctionDefinition(
            .arrayMinimum, aliases: ["list_min"], [.list], element,
            ("array_min([2, 1, 3])", "1")),
        FunctionDefinition(
            .arrayAnyValue, aliases: ["list_any_value"], [.list], element,
            ("array_any_value([NULL, 2])", "2")),
        FunctionDefinition(
            .arrayDimensionCount, aliases: ["list_ndims"], [.list], .type(.long),
            ("array_ndims([[1], [2]])", "2")),
        FunctionDefinition(
            .arrayDimensions, aliases: ["list_dims"], [.list], .type(.list(Field("element", .long))),
            ("array_dims([[1, 2, 3], [4, 5, 6]])", "[2, 3]")),
        FunctionDefinition(
            .arrayIsEmpty, aliases: ["array_empty", "list_empty"], [.list], .type(.boolean),
            ("empty([1])", "false")),
        FunctionDefinition(
            .arrayRange, [.integer], optional: [.integer, .integer], .type(.list(Field("element", .long))),
            ("range(2, 8, 3)", "[2, 5]")),
        FunctionDefinition(
            .arraySeries, [.integer, .integer], optional: [.integer], .type(.list(Field("element", .long))),
            ("generate_series(1, 3)", "[1, 2, 3]")),
        FunctionDefinition(
            .makeMap, [.list, .list],
            .rule { types in
                guard case .list(let key) = types[0], case .list(let value) = types[1] else { return nil }
                return .map(key: Field("key", key.type, isRequired: true), value: Field("value", value.type))
            },
            ("map(['a', 'b'], [1, 2])['b']", "2")),
        FunctionDefinition(
            .mapEntries, [.map],
            .rule { types in
                guard case .map(let key, let value) = types[0] else { return nil }
                return .list(
                    Field(
                        "element",
                        .structure([Field("key", key.type, isRequired: true), Field("value", value.type)])))
            },
            ("map_entries(map(['a'], [1]))[1].value", "1")),
    ]
}
