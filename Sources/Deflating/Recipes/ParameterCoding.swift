import Primitives

extension DeflateParameters {
    // Three bytes. First, from below: strategy (4 bits: 0 literals, 1 to 9 the level, 10 runs), three bits of the
    // recipe's own, filtered. Second: windowBits - 9, hashBits - 8 (4 bits each). Third: splitting (4 bits: 0 never,
    // 1 gzip, 7 to 15 the bits of zlib), fixed codes.

    private static let neverCode = 0
    private static let gzipCode = 1
    private static let runsCode = 10
    private static let smallestBlockBits = 7

    /// `flags` are three bits.
    func write(to writer: inout RecipeWriter, flags: Int) {
        let strategyCode =
            switch strategy {
            case .level(let level): level
            case .literals: 0
            case .runs: Self.runsCode
            }
        let splittingCode =
            switch splitting {
            case .never: Self.neverCode
            case .gzip: Self.gzipCode
            case .zlib(let bits): bits
            }
        writer.write(byte: strategyCode | flags << 4 | (isFiltered ? 0x80 : 0))
        writer.write(byte: windowBits - 9 | (hashBits - 8) << 4)
        writer.write(byte: splittingCode | (usesFixedCodes ? 0x10 : 0))
    }

    /// The parameters, and the flags they were written with.
    static func read(from reader: inout RecipeReader) throws(DeflatingFault) -> (DeflateParameters, flags: Int) {
        var parameters = DeflateParameters()
        let first = try reader.byte()
        parameters.strategy = try strategy(first & 0xF)
        parameters.isFiltered = first & 0x80 != 0
        let second = try reader.byte()
        parameters.windowBits = second & 0xF + 9
        parameters.hashBits = second >> 4 + 8
        let third = try reader.byte()
        parameters.splitting = try splitting(third & 0xF)
        parameters.usesFixedCodes = third & 0x10 != 0
        guard parameters.windowBits <= 15, parameters.hashBits <= 16, third < 0x20 else {
            throw DeflatingFault(.corruptRecipe, found: "unknown parameters")
        }
        return (parameters, first >> 4 & 7)
    }

    private static func strategy(_ code: Int) throws(DeflatingFault) -> Strategy {
        switch code {
        case 0: return .literals
        case 1...9: return .level(code)
        case runsCode: return .runs
        default: throw DeflatingFault(.corruptRecipe, found: "strategy \(code)")
        }
    }

    private static func splitting(_ code: Int) throws(DeflatingFault) -> Splitting {
        switch code {
        case neverCode: return .never
        case gzipCode: return .gzip
        case smallestBlockBits...: return .zlib(bits: code)
        default: throw DeflatingFault(.corruptRecipe, found: "splitting \(code)")
        }
    }
}
