import Effects

extension SeededGenerator {
    mutating func next(below limit: Int) -> Int { Int(next() % UInt64(limit)) }
    mutating func chance(_ oneIn: Int) -> Bool { next(below: oneIn) == 0 }
}
