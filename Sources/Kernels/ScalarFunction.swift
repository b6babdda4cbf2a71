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
    case negate = 65
    case bitAnd = 66
    case bitOr = 67
    case bitXor = 68
    case bitNot = 69
    /// Shifts left; the count is taken modulo the width
    case shiftLeft = 70
    /// Shifts right with sign; the count is taken modulo the width
    case shiftRight = 71
    /// `a ^ b` over doubles; what is not a finite number is an error
    case raise = 72
    /// Where a frame ends behind a key; stops at the end of the type
    case frameAdd = 73
    /// Where a frame begins before a key; stops at the end of the type
    case frameSubtract = 74
    case rowLimit = 75

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
    /// Bytes to text: 'base64', 'base64pad' or 'hex'
    case encode = 234
    /// Text to bytes: 'base64', 'base64pad' or 'hex'
    case decode = 235

    // Addresses. Here and below `summary` says what each does.
    case urlProtocol = 236
    case urlHost = 237
    case urlPort = 238
    case urlPath = 239
    case urlQuery = 240
    case urlFragment = 241
    case urlParameter = 242
    case urlEncode = 243
    case urlDecode = 244
    case ipFamily = 250
    case cidrContains = 251
    case ipTruncate = 252
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
    case makeDate = 326
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
    /// An instant as a zone's clock shows it, or the instant at which it does
    case timeZone = 341
    /// Rounds to a number of digits behind the seconds, given second
    case timeRound = 342

    // Digests: of the UTF-8 bytes or the binary.
    case md5 = 380
    case sha224 = 381
    case sha256 = 382
    case sha384 = 383
    case sha512 = 384
    case digest = 385

    // JSON: a document, then path steps (names and indexes from zero).
    case jsonGet = 400
    case jsonGetJSON = 401
    case jsonGetString = 402
    case jsonGetInteger = 403
    case jsonGetFloat = 404
    case jsonGetBoolean = 405
    case jsonGetArray = 406
    case jsonAsText = 407
    case jsonContains = 408
    case jsonLength = 409
    case extractJSON = 410
    case extractJSONString = 411
    case jsonGetMap = 412

    // Nested values.
    case getField = 440
    case structure = 441
    case namedStructure = 442
    case makeArray = 443
    case arrayElement = 444
    case arrayLength = 445
    case arrayHas = 446
    case arrayToString = 447
    case stringToArray = 448
    case mapKeys = 449
    case mapValues = 450
    case mapExtract = 451
    case cardinality = 452
    case arrayAppend = 453
    case arrayPrepend = 454
    case arrayConcat = 455
    case arrayHasAll = 456
    case arrayHasAny = 457
    case arrayPosition = 458
    case arrayPositions = 459
    case arraySort = 460
    case arrayReverse = 461
    case arrayDistinct = 462
    case arrayFlatten = 463
    case arraySlice = 464
    case arrayRemove = 465
    case arrayRemoveN = 466
    case arrayRemoveAll = 467
    case arrayReplace = 468
    case arrayReplaceN = 469
    case arrayReplaceAll = 470
    case arrayPopBack = 471
    case arrayPopFront = 472
    case arrayRepeat = 473
    case arrayResize = 474
    case arrayIntersect = 475
    case arrayUnion = 476
    case arrayExcept = 477
    case arrayMaximum = 478
    case arrayMinimum = 479
    case arrayAnyValue = 480
    case arrayDimensionCount = 481
    case arrayDimensions = 482
    case arrayIsEmpty = 483
    case arrayRange = 484
    case arraySeries = 485
    case makeMap = 486
    case mapEntries = 487
    /// `value > ANY (list)` of a list, a value and the sign: true for any element, else null when null for one
    case anyElement = 488
    /// `value > ALL (list)` of a list, a value and the sign: false for any element, else null when null for one
    case allElements = 489
    /// The name of the argument's type, of this server and of Arrow
    case typeOf = 600
    case arrowTypeOf = 601
}
