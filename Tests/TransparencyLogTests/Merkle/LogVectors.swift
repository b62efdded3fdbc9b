import Foundation
import Primitives
import Signatures

@testable import TransparencyLog

/// The vectors of `Tests/Vectors/tlog`.
enum LogVectors {
    struct Hashing: Decodable {
        let leaf_hashes_base64: [String]
        let roots_base64_by_size_0_to_300: [String]
    }

    struct Inclusion: Decodable {
        let Size: Int
        let Index: Int
        let Proof: [String]?
    }

    struct Consistency: Decodable {
        let Old: Int
        let New: Int
        let Proof: [String]?
    }

    struct Proofs: Decodable {
        let all_consistency_sha256_by_size: [String: String]
        let all_inclusion_sha256_by_size: [String: String]
        let inclusion: [Inclusion]
        let consistency: [Consistency]
    }

    struct Tiles: Decodable {
        let index_paths: [String: String]
        let root_70000: String
        let tile_sha256_by_size: [String: [String: String]]
    }

    static func load<Content: Decodable>(_ name: String) throws -> Content {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return try JSONDecoder().decode(
            Content.self, from: Data(contentsOf: folder.appending(path: "Vectors/tlog/\(name).json")))
    }

    static func digest(_ base64: String) -> Digest {
        guard let data = Data(base64Encoded: base64), let digest = Digest(bytes: Array(data)) else {
            preconditionFailure("a vector is no digest: \(base64)")
        }
        return digest
    }

    static func entry(_ index: Int) -> [UInt8] {
        switch index {
        case 0: []
        case 1: [0]
        case 2: Array("a\nb\n".utf8)
        case 3: [UInt8](repeating: 0, count: 65_535)
        default: Array("{\"n\":\(index)}\n".utf8)
        }
    }
}

/// A Merkle tree as RFC 6962 section 2.1 defines it, by its own recursion, and nothing else.
struct PlainTree {
    private(set) var leaves: [Digest]
    /// `complete[level][index]`, computed once: a test asks for them tens of thousands of times.
    private let complete: [[Digest]]

    init(_ leaves: [Digest]) {
        self.leaves = leaves
        var levels = [leaves]
        while let below = levels.last, below.count > 1 {
            levels.append(stride(from: 0, to: below.count - 1, by: 2).map { MerkleHash.node(below[$0], below[$0 + 1]) })
        }
        complete = levels
    }

    func hash(_ id: SubtreeID) -> Digest { complete[id.level][id.index] }

    func root(_ size: Int) -> Digest { size == 0 ? MerkleHash.emptyTree : root(0, size) }

    func head(_ size: Int) -> TreeHead { TreeHead(unchecked: size, root: root(size)) }

    private func root(_ start: Int, _ end: Int) -> Digest {
        let count = end - start
        if count & (count - 1) == 0 { return complete[count.trailingZeroBitCount][start / count] }
        var half = 1
        while half * 2 < end - start { half *= 2 }
        return MerkleHash.node(root(start, start + half), root(start + half, end))
    }
}

/// SplitMix64: the same numbers for the same seed, everywhere.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    init(_ seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) } }

    mutating func digest() -> Digest { Digest.sha256(of: bytes(8)) }
}

extension Digest {
    /// With one bit the other way.
    func flipped(_ bit: Int) -> Digest {
        var bytes = bytes
        bytes[bit / 8] ^= 1 << (bit % 8)
        return Digest(bytes: bytes) ?? self
    }
}

/// The code of the fault that `body` ends with; nil when it ends well.
func code(_ body: () throws -> Void) -> LogFaultCode? {
    do {
        try body()
        return nil
    } catch {
        return (error as? LogFault)?.code
    }
}
