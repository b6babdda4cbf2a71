import CArrowParquet
import Columnar

/// A column of a Parquet file, with the levels that place its values in rows.
///
/// Definition levels count the optional and repeated steps that are present from the row down; repetition levels say
/// which list an entry continues. Source: Melnik et al., "Dremel", VLDB 2010.
struct ParquetNode: Sendable {
    indirect enum Shape: Sendable {
        case leaf(ParquetFooter.Node, leaf: Int)
        case structure([ParquetNode])
        /// `elementLevel`: the definition at which an element is there.
        case list(element: ParquetNode, elementLevel: Int16)
        case map(key: ParquetNode, value: ParquetNode, elementLevel: Int16)
    }

    var name: String
    var fieldID: Int?
    var isOptional: Bool
    var shape: Shape
    /// The definition at which this node is not null.
    var definition: Int16
    /// How many lists it lies in.
    var repetition: Int16
    /// The definition at which the innermost list around it has an element.
    var ancestorDefinition: Int16

    /// The leaves below, in the file's order.
    var leaves: [Int] {
        switch shape {
        case .leaf(_, let leaf): [leaf]
        case .structure(let fields): fields.flatMap(\.leaves)
        case .list(let element, _): element.leaves
        case .map(let key, let value, _): key.leaves + value.leaves
        }
    }

    var isInsideOrHasList: Bool {
        switch shape {
        case .leaf: repetition > 0
        case .structure(let fields): repetition > 0 || fields.contains(where: \.isInsideOrHasList)
        case .list, .map: true
        }
    }

    var hasFieldIDs: Bool {
        if fieldID != nil { return true }
        return switch shape {
        case .leaf: false
        case .structure(let fields): fields.contains(where: \.hasFieldIDs)
        case .list(let element, _): element.hasFieldIDs
        case .map(let key, let value, _): key.hasFieldIDs || value.hasFieldIDs
        }
    }

    /// The node as a field of the type the file's own annotations ask for.
    func field() throws(FileFormatsError) -> Field {
        let type: DataType
        switch shape {
        case .leaf(let leaf, _): type = try ParquetLeafType.natural(leaf)
        case .structure(let fields):
            var inner: [Field] = []
            for field in fields { inner.append(try field.field()) }
            type = .structure(inner)
        case .list(let element, _): type = .list(try element.field())
        case .map(let key, let value, _): type = .map(key: try key.field(), value: try value.field())
        }
        return Field(id: fieldID, name, type, isRequired: !isOptional)
    }
}

/// Builds nodes out of the schema's depth-first list.
struct ParquetNodeReader {
    private let nodes: [ParquetFooter.Node]
    private var position = 0

    private struct Levels {
        var definition: Int16 = 0
        var repetition: Int16 = 0
        var ancestorDefinition: Int16 = 0
    }

    private init(_ nodes: [ParquetFooter.Node]) { self.nodes = nodes }

    static func columns(_ nodes: [ParquetFooter.Node]) throws(FileFormatsError) -> [ParquetNode] {
        var reader = ParquetNodeReader(nodes)
        var columns: [ParquetNode] = []
        while reader.position < nodes.count { columns.append(try reader.node(Levels())) }
        return columns
    }

    private mutating func next() throws(FileFormatsError) -> ParquetFooter.Node {
        guard position < nodes.count else {
            throw FileFormatsError(.corruptFile, "the Parquet schema ends inside a group")
        }
        position += 1
        return nodes[position - 1]
    }

    private mutating func node(_ outer: Levels) throws(FileFormatsError) -> ParquetNode {
        let raw = try next()
        var levels = outer
        if raw.repetition == 2 {
            // A repeated field without a list around it is a list whose elements are required.
            levels = Self.element(of: outer)
            let element = try content(of: raw, levels)
            return ParquetNode(
                name: raw.name, fieldID: raw.fieldID, isOptional: false,
                shape: .list(element: element, elementLevel: levels.definition), definition: outer.definition,
                repetition: outer.repetition, ancestorDefinition: outer.ancestorDefinition)
        }
        if raw.repetition == 1 { levels.definition += 1 }
        return try content(of: raw, levels)
    }

    private static func element(of outer: Levels) -> Levels {
        Levels(
            definition: outer.definition + 1, repetition: outer.repetition + 1,
            ancestorDefinition: outer.definition + 1)
    }

    /// What `raw`, already read, is; `levels` count it.
    private mutating func content(
        of raw: ParquetFooter.Node, _ levels: Levels
    ) throws(FileFormatsError) -> ParquetNode {
        let shape: ParquetNode.Shape
        if let leaf = raw.leaf {
            shape = .leaf(raw, leaf: leaf)
        } else if raw.logical == FIRN_ARROW_LIST, let list = try list(raw, levels) {
            shape = list
        } else if raw.logical == FIRN_ARROW_MAP, let map = try map(raw, levels) {
            shape = map
        } else {
            var fields: [ParquetNode] = []
            for _ in 0..<raw.childCount { fields.append(try node(levels)) }
            shape = .structure(fields)
        }
        return ParquetNode(
            name: raw.name, fieldID: raw.fieldID, isOptional: raw.repetition == 1, shape: shape,
            definition: levels.definition, repetition: levels.repetition,
            ancestorDefinition: levels.ancestorDefinition)
    }

    /// Three levels (`list`, repeated group, element), or two, as older writers did. Nil, with nothing read, for a
    /// group that only says it is a list.
    ///
    /// Source: Parquet's LogicalTypes, "Lists", backward-compatibility rules.
    private mutating func list(
        _ raw: ParquetFooter.Node, _ levels: Levels
    ) throws(FileFormatsError) -> ParquetNode.Shape? {
        guard raw.childCount == 1, position < nodes.count, nodes[position].repetition == 2 else { return nil }
        let repeated = try next()
        let inner = Self.element(of: levels)
        let isElement =
            repeated.leaf != nil || repeated.childCount != 1 || repeated.name == "array"
            || repeated.name == raw.name + "_tuple"
        let element = isElement ? try content(of: repeated, inner) : try node(inner)
        return .list(element: element, elementLevel: inner.definition)
    }

    private mutating func map(
        _ raw: ParquetFooter.Node, _ levels: Levels
    ) throws(FileFormatsError) -> ParquetNode.Shape? {
        guard raw.childCount == 1, position < nodes.count, nodes[position].repetition == 2,
            nodes[position].childCount == 2
        else { return nil }
        _ = try next()
        let inner = Self.element(of: levels)
        return .map(key: try node(inner), value: try node(inner), elementLevel: inner.definition)
    }
}
