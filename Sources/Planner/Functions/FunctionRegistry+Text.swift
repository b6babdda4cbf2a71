import Columnar
import Kernels

extension FunctionRegistry {
    static let text: [FunctionDefinition] = [
        FunctionDefinition(.lower, aliases: ["lcase"], [.text], .type(.string), ("lower('AbC')", "'abc'")),
        FunctionDefinition(.upper, aliases: ["ucase"], [.text], .type(.string), ("upper('AbC')", "'ABC'")),
        FunctionDefinition(.initcap, [.text], .type(.string), ("initcap('new york')", "'New York'")),
        FunctionDefinition(
            .concat, [.anyAsText], rest: .anyAsText, .type(.string), ("concat('a', 1, NULL)", "'a1'")),
        FunctionDefinition(
            .concatWithSeparator, [.text, .anyAsText], rest: .anyAsText, .type(.string),
            ("concat_ws('-', 'a', NULL, 'b')", "'a-b'")),
        FunctionDefinition(
            .substring, aliases: ["substr"], [.text, .integer], optional: [.integer], .type(.string),
            ("substr('abcdef', 2, 3)", "'bcd'")),
        FunctionDefinition(.left, [.text, .integer], .type(.string), ("left('abc', 2)", "'ab'")),
        FunctionDefinition(.right, [.text, .integer], .type(.string), ("right('abc', 2)", "'bc'")),
        FunctionDefinition(
            .trim, aliases: ["trim"], [.text], optional: [.text], .type(.string), ("trim('  a ')", "'a'")),
        FunctionDefinition(
            .trimStart, [.text], optional: [.text], .type(.string), ("ltrim('xxa', 'x')", "'a'")),
        FunctionDefinition(
            .trimEnd, [.text], optional: [.text], .type(.string), ("rtrim('axx', 'x')", "'a'")),
        FunctionDefinition(
            .padStart, [.text, .integer], optional: [.text], .type(.string), ("lpad('7', 3, '0')", "'007'")),
        FunctionDefinition(
            .padEnd, [.text, .integer], optional: [.text], .type(.string), ("rpad('7', 3, '0')", "'700'")),
        FunctionDefinition(
            .replace, [.text, .text, .text], .type(.string), ("replace('abab', 'b', 'c')", "'acac'")),
        FunctionDefinition(.reverse, [.text], .type(.string), ("reverse('abc')", "'cba'")),
        FunctionDefinition(.repeated, [.text, .integer], .type(.string), ("repeat('ab', 2)", "'abab'")),
        FunctionDefinition(
            .splitPart, [.text, .text, .integer], .type(.string), ("split_part('a,b,c', ',', 2)", "'b'")),
        FunctionDefinition(
            .substringIndex, aliases: ["substring_index"], [.text, .text, .integer], .type(.string),
            ("substr_index('a.b.c', '.', 2)", "'a.b'")),
        FunctionDefinition(
            .translate, [.text, .text, .text], .type(.string), ("translate('abc', 'ab', 'xy')", "'xyc'")),
        FunctionDefinition(
            .overlay, [.text, .text, .integer], optional: [.integer], .type(.string),
            ("overlay('abcdef', 'XY', 3)", "'abXYef'")),
        FunctionDefinition(.chr, [.integer], .type(.string), ("chr(65)", "'A'")),
        FunctionDefinition(.toHex, [.integer], .type(.string), ("to_hex(255)", "'ff'")),
        FunctionDefinition(.uuid, aliases: ["gen_random_uuid"], [], .type(.string), ("length(uuid())", "36")),
        FunctionDefinition(.encode, [.bytes, .text], .type(.string), ("encode('ab', 'hex')", "'6162'")),
        FunctionDefinition(.decode, [.text, .text], .type(.binary), ("decode('6162', 'hex')", "x'6162'")),
    ]

    /// Counts and positions are ints, as in DataFusion.
    static let textMeasures: [FunctionDefinition] = [
        FunctionDefinition(
            .characterLength, aliases: ["length", "char_length", "len"], [.text], .type(.int),
            ("length('häh')", "3")),
        FunctionDefinition(.octetLength, [.text], .type(.int), ("octet_length('häh')", "4")),
        FunctionDefinition(.bitLength, [.text], .type(.int), ("bit_length('a')", "8")),
        FunctionDefinition(
            .position, aliases: ["instr", "position"], [.text, .text], .type(.int),
            ("strpos('abc', 'c')", "3")),
        FunctionDefinition(
            .startsWith, [.text, .text], .type(.boolean), ("starts_with('abc', 'ab')", "true")),
        FunctionDefinition(.endsWith, [.text, .text], .type(.boolean), ("ends_with('abc', 'ab')", "false")),
        FunctionDefinition(.contains, [.text, .text], .type(.boolean), ("contains('abc', 'b')", "true")),
        FunctionDefinition(.ascii, [.text], .type(.int), ("ascii('A')", "65")),
        FunctionDefinition(
            .levenshtein, [.text, .text], .type(.int), ("levenshtein('kitten', 'sitting')", "3")),
        FunctionDefinition(.findInSet, [.text, .text], .type(.int), ("find_in_set('b', 'a,b')", "2")),
    ]

    static let patterns: [FunctionDefinition] = [
        FunctionDefinition(
            .regexpLike, [.text, .text], optional: [.text], .type(.boolean),
            ("regexp_like('abc', '^a.c$')", "true")),
        FunctionDefinition(
            .regexpMatch, [.text, .text], optional: [.text], .type(.list(Field("element", .string))),
            ("regexp_match('https://a.b/c', '^https?://([^/]+)')[1]", "'a.b'")),
        FunctionDefinition(
            .regexpReplace, [.text, .text, .text], optional: [.text], .type(.string),
            ("regexp_replace('a1b2', '[0-9]', 'x', 'g')", "'axbx'")),
        FunctionDefinition(
            .regexpCount, [.text, .text], optional: [.integer, .text], .type(.long),
            ("regexp_count('aaa', 'a')", "3")),
        FunctionDefinition(
            .regexpPosition, [.text, .text], optional: [.integer, .integer, .text, .integer], .type(.long),
            ("regexp_instr('abcb', 'b', 1, 2)", "4")),
        FunctionDefinition(
            .regexpSubstring, [.text, .text], .type(.string), ("regexp_substr('ab12', '[0-9]+')", "'12'")),
    ]

    static let digests: [FunctionDefinition] = [
        FunctionDefinition(.md5, [.bytes], .type(.string), ("md5('')", "'d41d8cd98f00b204e9800998ecf8427e'")),
        FunctionDefinition(
            .sha224, [.bytes], .type(.binary), ("octet_length(encode(sha224('a'), 'hex'))", "56")),
        FunctionDefinition(
            .sha256, [.bytes], .type(.binary), ("left(encode(sha256(''), 'hex'), 8)", "'e3b0c442'")),
        FunctionDefinition(
            .sha384, [.bytes], .type(.binary), ("octet_length(encode(sha384('a'), 'hex'))", "96")),
        FunctionDefinition(
            .sha512, [.bytes], .type(.binary), ("octet_length(encode(sha512('a'), 'hex'))", "128")),
        FunctionDefinition(
            .digest, [.bytes, .text], .type(.binary), ("left(encode(digest('', 'md5'), 'hex'), 4)", "'d41d'")),
    ]
}
