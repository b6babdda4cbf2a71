/// Every function over rows, by an id that plans carry; ids are never renumbered nor used again.
///
/// Operators are functions too. What a function takes and gives is the planner's registry; what it does is here and in
/// `Scalars`. A function is strict (null in, null out) unless its line says otherwise.
package enum ScalarFunction: Int32, Sendable, Hashable, CaseIterable {
    // Comparison: any two values of one type; null in, null out.
    /// True when both are the same
    case equal = 1
    /// True when they differ
    case notEqual = 2
    /// True when the first sorts before the second
    case less = 3
    /// True when the first does not sort after the second
    case lessOrEqual = 4
    /// True when the first sorts after the second
    case greater = 5
    /// True when the first does not sort before the second
    case greaterOrEqual = 6
    /// `<>` where null equals null; never null
    case isDistinctFrom = 7
    /// `=` where null equals null; never null
    case isNotDistinctFrom = 8
    /// True for null; never null
    case isNull = 9
    /// False for null; never null
    case isNotNull = 10
    /// True for true; never null
    case isTrue = 11
    /// True for false and null; never null
    case isNotTrue = 12
    /// True for false; never null
    case isFalse = 13
    /// True for true and null; never null
    case isNotFalse = 14

    // Three-valued logic.
    /// False when any is false, else null when any is null; takes two or more
    case and = 40
    /// True when any is true, else null when any is null; takes two or more
    case or = 41
    /// The opposite
    case not = 42

    // Arithmetic: both arguments of one type, decimals excepted; overflow is an error.
    /// The sum; also date or timestamp + interval, interval + interval
    case add = 60
    /// The difference; also of dates (days) and timestamps (interval)
    case subtract = 61
    /// The product; also interval * number
    case multiply = 62
    /// The quotient; integers truncate towards zero
    case divide = 63
    /// The rest, with the sign of the dividend
    case modulo = 64
    /// The negative
    case negate = 65
    /// Bitwise and
    case bitAnd = 66
    /// Bitwise or
    case bitOr = 67
    /// Bitwise exclusive or
    case bitXor = 68
    /// Bitwise not
    case bitNot = 69
    /// Shifts left; the count is taken modulo the width
    case shiftLeft = 70
    /// Shifts right with sign; the count is taken modulo the width
    case shiftRight = 71

    // Conditional: not strict in null.
    /// The first argument that is not null
    case coalesce = 100
    /// Null when both are equal, else the first
    case nullif = 101
    /// The largest argument that is not null
    case greatest = 102
    /// The smallest argument that is not null
    case least = 103
    /// The second argument when the first is not null, else the third
    case nvl2 = 104
    /// The second argument when the first is NaN, else the first
    case nanvl = 105

    // Mathematics.
    /// The absolute value
    case abs = 120
    /// Rounds up
    case ceil = 121
    /// Rounds down
    case floor = 122
    /// Rounds half away from zero, to an optional number of digits
    case round = 123
    /// Rounds towards zero, to an optional number of digits
    case trunc = 124
    /// -1, 0 or 1
    case sign = 125
    /// The square root; NaN of a negative number
    case sqrt = 126
    /// The cube root
    case cbrt = 127
    /// e to the power
    case exp = 128
    /// The natural logarithm; NaN of a negative number
    case ln = 129
    /// The logarithm of base 10
    case log10 = 130
    /// The logarithm of base 2
    case log2 = 131
    /// The logarithm of base 10, or of a base given first
    case log = 132
    /// The first to the power of the second
    case power = 133
    /// 3.14159…
    case pi = 134
    /// From radians
    case degrees = 135
    /// From degrees
    case radians = 136
    /// The sine
    case sin = 137
    /// The cosine
    case cos = 138
    /// The tangent
    case tan = 139
    /// The cotangent
    case cot = 140
    /// The inverse sine
    case asin = 141
    /// The inverse cosine
    case acos = 142
    /// The inverse tangent
    case atan = 143
    /// The inverse tangent of y / x
    case atan2 = 144
    /// The hyperbolic sine
    case sinh = 145
    /// The hyperbolic cosine
    case cosh = 146
    /// The hyperbolic tangent
    case tanh = 147
    /// The inverse hyperbolic sine
    case asinh = 148
    /// The inverse hyperbolic cosine
    case acosh = 149
    /// The inverse hyperbolic tangent
    case atanh = 150
    /// The greatest common divisor
    case gcd = 151
    /// The least common multiple
    case lcm = 152
    /// n!; an error below 0 and above 20
    case factorial = 153
    /// True for NaN
    case isNaN = 154
    /// True for zero
    case isZero = 155
    /// A number in 0..<1; volatile
    case random = 156

    // Strings: lengths and positions count Unicode scalars, positions from one.
    /// Joins; null when any is null
    case concatOperator = 200
    /// Joins; nulls are left out
    case concat = 201
    /// Joins with a separator given first; nulls are left out
    case concatWithSeparator = 202
    /// Lower case
    case lower = 203
    /// Upper case
    case upper = 204
    /// First letter of each word in upper case, the rest in lower
    case initcap = 205
    /// The number of Unicode scalars
    case characterLength = 206
    /// The number of UTF-8 bytes
    case octetLength = 207
    /// Eight times the number of bytes
    case bitLength = 208
    /// From a position, optionally a number of characters
    case substring = 209
    /// The first n characters; all but the last -n when negative
    case left = 210
    /// The last n characters; all but the first -n when negative
    case right = 211
    /// Takes characters (default: space) off both ends
    case trim = 212
    /// Takes characters (default: space) off the start
    case trimStart = 213
    /// Takes characters (default: space) off the end
    case trimEnd = 214
    /// Fills at the start to a length, or cuts to it
    case padStart = 215
    /// Fills at the end to a length, or cuts to it
    case padEnd = 216
    /// Replaces every occurrence
    case replace = 217
    /// The characters backwards
    case reverse = 218
    /// The text n times
    case repeated = 219
    /// The nth part between delimiters; counts from the end when negative
    case splitPart = 220
    /// Where the second begins in the first; 0 when nowhere
    case position = 221
    /// True when the first begins with the second
    case startsWith = 222
    /// True when the first ends with the second
    case endsWith = 223
    /// True when the second occurs in the first
    case contains = 224
    /// Replaces characters one by one
    case translate = 225
    /// Replaces a part by position and length
    case overlay = 226
    /// The code of the first character; 0 for an empty text
    case ascii = 227
    /// The character with this code
    case chr = 228
    /// An integer in hexadecimal
    case toHex = 229
    /// The edit distance
    case levenshtein = 230
    /// The position in a list of texts joined by commas; 0 when absent
    case findInSet = 231
    /// What comes before the nth delimiter; from the end when negative
    case substringIndex = 232
    /// A random UUID as text; volatile
    case uuid = 233
    /// Bytes to text: 'base64' or 'hex'
    case encode = 234
    /// Text to bytes: 'base64' or 'hex'
    case decode = 235

    // Addresses.
    /// The scheme of a URL
    case urlProtocol = 236
    /// The host of a URL; null without one
    case urlHost = 237
    /// The port of a URL; null without one
    case urlPort = 238
    /// The path of a URL
    case urlPath = 239
    /// What stands behind the question mark; null without one
    case urlQuery = 240
    /// What stands behind the hash sign; null without one
    case urlFragment = 241
    /// The first value of a parameter of the query, decoded; null without one
    case urlParameter = 242
    /// Percent signs and digits for everything but letters, digits and -_.~
    case urlEncode = 243
    /// The opposite of url_encode; a plus is a space
    case urlDecode = 244
    /// 4 or 6; null for what is no internet address
    case ipFamily = 250
    /// True when the network given first holds the address
    case cidrContains = 251
    /// The address with only its first bits kept; a third argument (48) is for IPv6
    case ipTruncate = 252
    /// HMAC-SHA256 of the address under a key given second, hexadecimal
    case ipHash = 253

    // Patterns.
    /// SQL pattern with % and _; an optional third argument is the escape character
    case like = 280
    /// The opposite of like
    case notLike = 281
    /// like without regard to case
    case ilike = 282
    /// The opposite of ilike
    case notILike = 283
    /// SQL regular expression over the whole text
    case similarTo = 284
    /// True when the regular expression (RE2) matches somewhere; optional flags
    case regexpLike = 285
    /// The first match's groups as a list; null when there is none
    case regexpMatch = 286
    /// Replaces the first match, all of them with flag 'g'
    case regexpReplace = 287
    /// The number of matches; optional start and flags
    case regexpCount = 288
    /// Where the first match begins; 0 when nowhere
    case regexpPosition = 289
    /// The first match; null when there is none
    case regexpSubstring = 290

    // Time.
    /// When the statement began; timestamptz
    case now = 320
    /// The day on which the statement began, UTC
    case currentDate = 321
    /// The time of day at which the statement began, UTC
    case currentTime = 322
    /// Rounds down to a unit given first
    case dateTruncate = 323
    /// One part, given first, as a double; also EXTRACT
    case datePart = 324
    /// Rounds down to a multiple of an interval, optionally from an origin
    case dateBin = 325
    /// From year, month, day
    case makeDate = 326
    /// From hour, minute, second
    case makeTime = 327
    /// From text (optional formats) or seconds
    case toTimestamp = 328
    /// From text or seconds
    case toTimestampSeconds = 329
    /// From text or milliseconds
    case toTimestampMillis = 330
    /// From text or microseconds
    case toTimestampMicros = 331
    /// From text or nanoseconds
    case toTimestampNanos = 332
    /// From text (optional formats) or days
    case toDate = 333
    /// From text (optional formats)
    case toTime = 334
    /// Seconds since 1970
    case toUnixTime = 335
    /// A timestamp from seconds since 1970
    case fromUnixTime = 336
    /// Text by a strftime format
    case toChar = 337
    /// A timestamptz without its zone
    case toLocalTime = 338
    /// The last day of the month
    case lastDay = 339
    /// The number of unit borders between two times
    case dateDiff = 340

    // Digests: of the UTF-8 bytes or the binary.
    /// Hexadecimal text
    case md5 = 380
    /// Bytes
    case sha224 = 381
    /// Bytes
    case sha256 = 382
    /// Bytes
    case sha384 = 383
    /// Bytes
    case sha512 = 384
    /// Bytes by the algorithm named second
    case digest = 385

    // JSON: a document, then path steps (names and indexes from zero).
    /// The value there, as JSON
    case jsonGet = 400
    /// The value there, as JSON text
    case jsonGetJSON = 401
    /// The text there; null for other kinds
    case jsonGetString = 402
    /// The integer there; null for other kinds
    case jsonGetInteger = 403
    /// The number there; null for other kinds
    case jsonGetFloat = 404
    /// The boolean there; null for other kinds
    case jsonGetBoolean = 405
    /// The elements there, as a list of JSON texts
    case jsonGetArray = 406
    /// The value there: a text bare, else JSON text
    case jsonAsText = 407
    /// True when something is there
    case jsonContains = 408
    /// The number of members or elements there
    case jsonLength = 409
    /// All values a JSONPath names, as a list of JSON texts
    case extractJSON = 410
    /// The first value a JSONPath names, a text bare
    case extractJSONString = 411

    // Nested values.
    /// A field of a struct, by name
    case getField = 440
    /// A struct of unnamed fields c0, c1, …
    case structure = 441
    /// A struct of names and values by turns
    case namedStructure = 442
    /// A list of the arguments
    case makeArray = 443
    /// The nth element, from one; from the end when negative
    case arrayElement = 444
    /// The number of elements
    case arrayLength = 445
    /// True when the list holds the element
    case arrayHas = 446
    /// The elements joined by a delimiter
    case arrayToString = 447
    /// The parts between delimiters
    case stringToArray = 448
    /// The keys as a list
    case mapKeys = 449
    /// The values as a list
    case mapValues = 450
    /// The value of a key as a list of one; empty when absent
    case mapExtract = 451
    /// The number of elements or entries
    case cardinality = 452
    /// The list with an element behind it; a null list is empty
    case arrayAppend = 453
    /// The list with an element before it; a null list is empty
    case arrayPrepend = 454
    /// Lists one behind the other; null ones are empty
    case arrayConcat = 455
    /// True when the first list holds all elements of the second
    case arrayHasAll = 456
    /// True when the lists share an element
    case arrayHasAny = 457
    /// Where the element first is, optionally from a position on; null when nowhere
    case arrayPosition = 458
    /// All places of the element
    case arrayPositions = 459
    /// Sorted: 'ASC' or 'DESC', then 'NULLS FIRST' (as without) or 'NULLS LAST'
    case arraySort = 460
    /// The elements backwards
    case arrayReverse = 461
    /// Each element once, in the order they first come
    case arrayDistinct = 462
    /// The elements of the lists inside
    case arrayFlatten = 463
    /// From one position to another, both included, optionally by a step; from the end when negative
    case arraySlice = 464
    /// Without the first element that is this one
    case arrayRemove = 465
    /// Without the first n elements that are this one
    case arrayRemoveN = 466
    /// Without all elements that are this one
    case arrayRemoveAll = 467
    /// With another in place of the first element that is this one
    case arrayReplace = 468
    /// With another in place of the first n elements that are this one
    case arrayReplaceN = 469
    /// With another in place of all elements that are this one
    case arrayReplaceAll = 470
    /// Without the last element
    case arrayPopBack = 471
    /// Without the first element
    case arrayPopFront = 472
    /// A list of an element n times
    case arrayRepeat = 473
    /// Cut or filled (with null, or the third argument) to a length
    case arrayResize = 474
    /// What both lists hold, each once
    case arrayIntersect = 475
    /// What either list holds, each once
    case arrayUnion = 476
    /// What only the first list holds, each once
    case arrayExcept = 477
    /// The largest element
    case arrayMaximum = 478
    /// The smallest element
    case arrayMinimum = 479
    /// The first element that is not null
    case arrayAnyValue = 480
    /// How deep lists nest
    case arrayDimensionCount = 481
    /// The lengths of the list, of its first element, and so on
    case arrayDimensions = 482
    /// True for a list without elements
    case arrayIsEmpty = 483
    /// Whole numbers from the first (0) to before the second, by a step (1)
    case arrayRange = 484
    /// Whole numbers from the first to the second, by a step (1)
    case arraySeries = 485
    /// A map of a list of keys and a list of values
    case makeMap = 486
    /// The entries as a list of structs of key and value
    case mapEntries = 487

    // About values.
    /// The name of the argument's type
    case typeOf = 600
}
