import Primitives
import Signatures
import TestSupport
import Testing

@testable import TransparencyLog

@Suite("Proofs that an entry is in the log")
struct TlogProofTests {
    private static let entries = (0..<7).map { [UInt8]("entry \($0)\n") }

    /// The tree over some entries, by the definition of RFC 6962.
    private static func root(_ entries: ArraySlice<[UInt8]>) -> Digest {
        guard entries.count > 1 else { return entries.first.map(MerkleHash.leaf) ?? MerkleHash.emptyTree }
        let half = (entries.count - 1).leadingZeroBitCount
        let middle = entries.startIndex + 1 << (Int.bitWidth - 1 - half)
        return MerkleHash.node(root(entries[..<middle]), root(entries[middle...]))
    }

    private static func inclusion(_ index: Int) throws -> InclusionProof {
        try ProofBuilder.inclusion(of: index, in: entries.count) { subtree in
            root(entries[(subtree.index << subtree.level)..<((subtree.index + 1) << subtree.level)])
        }
    }

    private static func note(_ cosigned: [(String, Int)] = [("w1", 5), ("w2", 7)]) throws -> SignedNote {
        let head = TreeHead(unchecked: entries.count, root: root(entries[...]))
        return try SignedNote(decoding: NoteFixtures.note(head, cosigned: cosigned))
    }

    private static func proof(_ index: Int = 4, extra: [UInt8]? = nil) throws -> TlogProof {
        TlogProof(inclusion: try inclusion(index), note: try note(), extra: extra)
    }

    private static func policy() throws -> WitnessPolicy { try PolicyFixtures.policy(2, of: 3) }

    @Test("a proof of every entry verifies alone, and of no other entry", arguments: 0..<7)
    func verify(_ index: Int) throws {
        let proof = try TlogProof(decoding: Self.proof(index).encoded)
        #expect(proof.index == index)
        #expect(try proof.verify(Self.entries[index], policy: Self.policy()).head.size == 7)
        for other in Self.entries.indices where other != index {
            let code = LogFixtures.code { _ = try proof.verify(Self.entries[other], policy: Self.policy()) }
            #expect(code == .wrongProof)
        }
        #expect(LogFixtures.code { _ = try proof.verify([], policy: Self.policy()) } == .wrongProof)
    }

    @Test("the text is that of the specification")
    func text() throws {
        let hashes = try Self.inclusion(4).hashes.map { "\(Base64.encode($0.bytes))\n" }.joined()
        let note = String(decoding: try Self.note().encoded, as: UTF8.self)
        #expect(try Self.proof().encoded == [UInt8]("c2sp.org/tlog-proof@v1\nindex 4\n\(hashes)\n\(note)"))
        #expect(
            try Self.proof(extra: [1, 2]).encoded
                == [UInt8]("c2sp.org/tlog-proof@v1\nextra AQI=\nindex 4\n\(hashes)\n\(note)"))
    }

    @Test(
        "an extra line is read and written, and decides nothing",
        arguments: [[], [1], [UInt8](repeating: 7, count: 2048)])
    func extra(_ extra: [UInt8]) throws {
        let proof = try TlogProof(decoding: Self.proof(extra: extra).encoded)
        #expect(proof.extra == extra)
        #expect(proof.encoded == (try Self.proof(extra: extra).encoded))
        #expect(try proof.verify(Self.entries[4], policy: Self.policy()).head.size == 7)
    }

    @Test("too few witnesses, and another log, are refused before the entry is looked at")
    func quorum() throws {
        let proof = TlogProof(inclusion: try Self.inclusion(4), note: try Self.note([("w1", 5)]))
        #expect(LogFixtures.code { _ = try proof.verify(Self.entries[4], policy: Self.policy()) } == .noQuorum)
        let other = ByteString("log \(TestKey("other").vkey("other", .log))\nquorum none\n")
        let code = LogFixtures.code {
            _ = try Self.proof().verify(Self.entries[4], policy: WitnessPolicy(decoding: other))
        }
        #expect(code == .otherOrigin)
    }

    @Test("a wrong index, a hash more, fewer or changed is refused")
    func wrongProofs() throws {
        let good = try Self.inclusion(4)
        let wrong: [(InclusionProof, LogFaultCode)] = [
            (InclusionProof(index: 5, hashes: good.hashes), .wrongProof),
            (InclusionProof(index: 7, hashes: good.hashes), .outOfRange),
            (InclusionProof(index: 1 << 53, hashes: good.hashes), .outOfRange),
            (InclusionProof(index: 4, hashes: good.hashes.dropLast()), .wrongProof),
            (InclusionProof(index: 4, hashes: good.hashes + [MerkleHash.emptyTree]), .wrongProof),
            (InclusionProof(index: 4, hashes: good.hashes.reversed()), .wrongProof),
            (InclusionProof(index: 4, hashes: []), .wrongProof),
            (InclusionProof(index: 4, hashes: [Digest](repeating: MerkleHash.emptyTree, count: 63)), .wrongProof),
        ]
        for (index, (inclusion, code)) in wrong.enumerated() {
            let proof = try TlogProof(decoding: TlogProof(inclusion: inclusion, note: Self.note()).encoded)
            let found = LogFixtures.code { _ = try proof.verify(Self.entries[4], policy: Self.policy()) }
            #expect(found == code, "row \(index)")
        }
    }

    @Test("a proof with any bit changed proves nothing")
    func flippedBits() throws {
        let policy = try Self.policy()
        for (offset, flipped) in try Self.proof().encoded.withOneBitFlipped(limit: 500) {
            #expect(throws: LogFault.self, "byte \(offset)") {
                try TlogProof(decoding: flipped).verify(Self.entries[4], policy: policy)
            }
        }
    }

    static let header = "c2sp.org/tlog-proof@v1\n"
    static let hash = Base64.encode(MerkleHash.leaf([0]).bytes)
    static let bad = [
        "", "\n", header, "\(header)index 4\n", "index 4\n\nNOTE", "c2sp.org/tlog-proof@v2\nindex 4\n\nNOTE",
        "\(header)\nNOTE",
        "\(header)index 04\n\nNOTE", "\(header)index -1\n\nNOTE", "\(header)index 9223372036854775808\n\nNOTE",
        "\(header)index 4\nNOTE", "\(header)index 4\nextra AQI=\n\nNOTE", "\(header)extra AQI\nindex 4\n\nNOTE",
        "\(header)extra AQJ=\nindex 4\n\nNOTE", "\(header)extra AQI=\nextra AQI=\nindex 4\n\nNOTE",
        "\(header)extra\nindex 4\n\nNOTE",
        "\(header)index 4\nindex 4\n\nNOTE", "\(header)index 4\n\(hash)NOTE",
        "\(header)index 4\n\(hash.dropLast())\n\nNOTE",
        "\(header)index 4\n" + String(repeating: "\(hash)\n", count: 64) + "\nNOTE", "\(header)index 4\r\n\r\nNOTE",
        "\(header)extra \(Base64.encode([UInt8](repeating: 0, count: 2049)))\nindex 4\n\nNOTE",
        " \(header)index 4\n\nNOTE",
        "\(header)index 4\n\n" + String(repeating: "a", count: 80 << 10),
    ]

    @Test("a proof in another spelling is refused", arguments: bad)
    func malformed(_ text: String) throws {
        let note = String(decoding: try Self.note().encoded, as: UTF8.self)
        let bytes = [UInt8](text.replacing("NOTE", with: note))
        #expect(LogFixtures.code { _ = try TlogProof(decoding: bytes) } == .malformedProof)
    }
}
