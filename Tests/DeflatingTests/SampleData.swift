/// The same bytes each time: xorshift, by its inventor's numbers.
struct SampleRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}

/// Kinds of data that compressors treat differently.
enum SampleData: String, CaseIterable, Sendable {
    case empty, oneByte, threeBytes, text, zeros, random, runs, records, mixed, windowAndRest

    var bytes: [UInt8] {
        switch self {
        case .empty: []
        case .oneByte: [7]
        case .threeBytes: Array("abc".utf8)
        case .text: Self.text(70_000, seed: 1)
        case .zeros: [UInt8](repeating: 0, count: 70_000)
        case .random: Self.random(70_000, seed: 2)
        case .runs: Self.runs(30_000)
        case .records: Self.records(40_000)
        case .mixed: Self.text(40_000, seed: 3) + Self.random(50_000, seed: 4) + Self.records(30_000)
        // gzip's buffer has two windows; this ends right behind what it looks for matches in.
        case .windowAndRest: Self.text(65_536 + 32_700, seed: 5)
        }
    }

    static func random(_ count: Int, seed: UInt64) -> [UInt8] {
        var random = SampleRandom(seed: seed)
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &random) }
    }

    /// Words, the first of them more often than the last.
    static func text(_ count: Int, seed: UInt64) -> [UInt8] {
        var random = SampleRandom(seed: seed)
        let words = (0..<700).map { _ in
            (0..<Int.random(in: 2...9, using: &random)).map { _ in UInt8.random(in: 97...122, using: &random) }
        }
        var text: [UInt8] = []
        while text.count < count {
            let most = Int.random(in: 1...words.count, using: &random)
            text += words[Int.random(in: 0..<most, using: &random)]
            text.append(Int.random(in: 0..<12, using: &random) == 0 ? 10 : 32)
        }
        return Array(text.prefix(count))
    }

    private static func runs(_ count: Int) -> [UInt8] {
        var random = SampleRandom(seed: 6)
        var bytes: [UInt8] = []
        while bytes.count < count {
            bytes += [UInt8](
                repeating: .random(in: .min ... .max, using: &random), count: .random(in: 1...40, using: &random))
        }
        return bytes
    }

    /// Numbers that count up, as in tables of executables.
    private static func records(_ count: Int) -> [UInt8] {
        var random = SampleRandom(seed: 7)
        var (bytes, address): ([UInt8], UInt32) = ([], 0x40_0000)
        while bytes.count < count {
            address &+= UInt32.random(in: 0...64, using: &random) * 4
            withUnsafeBytes(of: address.littleEndian) { bytes += $0 }
            withUnsafeBytes(of: UInt32.random(in: 0...3, using: &random).littleEndian) { bytes += $0 }
        }
        return bytes
    }
}
