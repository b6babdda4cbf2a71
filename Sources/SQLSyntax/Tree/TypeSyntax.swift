/// A type as written: `VARCHAR(20)`, `decimal(9, 2)`, `BIGINT[]`, `STRUCT<a INT, b STRING>`.
package indirect enum TypeSyntax: Sendable, Hashable {
    /// Words in lower case, single spaces: `double precision`, `timestamp with time zone`.
    case named(String, arguments: [Int], position: TextPosition)
    case list(TypeSyntax)
    case map(key: TypeSyntax, value: TypeSyntax)
    case structure([Field])

    package struct Field: Sendable, Hashable {
        package var name: Identifier
        package var type: TypeSyntax
        package var isRequired = false
        package var comment: String?
    }

    package var position: TextPosition {
        switch self {
        case .named(_, _, let position): position
        case .list(let element): element.position
        case .map(let key, _): key.position
        case .structure(let fields): fields.first?.name.position ?? .start
        }
    }
}
