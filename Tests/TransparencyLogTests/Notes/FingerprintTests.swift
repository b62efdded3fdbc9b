import Primitives
import Signatures
import Testing

@testable import TransparencyLog

@Suite("Fingerprints in words")
struct FingerprintTests {
    static let digest = Digest.sha256(of: [1, 2, 3])
    static let hex = digest.hex
    static let words = Fingerprint.words(digest)
    static let fifteen = words.dropLast().joined(separator: " ")

    /// The examples of the proquint proposal: IPv4 addresses, two words each.
    @Test(
        "words are those of the proquint proposal",
        arguments: [
            ([127, 0, 0, 1], "lusab-babad"), ([63, 84, 220, 193], "gutih-tugad"), ([140, 98, 193, 141], "mudof-sakat"),
            ([64, 255, 6, 200], "haguz-biram"), ([147, 67, 119, 2], "natag-lisaf"),
            ([216, 35, 68, 215], "tobog-higil"), ([255, 255, 255, 255], "zuzuz-zuzuz"), ([0, 0, 0, 0], "babab-babab"),
        ] as [([UInt8], String)])
    func knownWords(_ address: [UInt8], _ words: String) throws {
        let digest = try #require(Digest(bytes: Array([[UInt8]](repeating: address, count: 8).joined())))
        #expect(Fingerprint.words(digest) == words.split(separator: "-").map(String.init).repeated(8))
        #expect(Fingerprint.decode(Fingerprint.words(digest).joined(separator: " ")) == digest)
    }

    @Test("a fingerprint is sixteen words, four on a line")
    func shape() {
        #expect(Fingerprint.words(Self.digest).count == 16)
        #expect(Fingerprint.words(Self.digest).allSatisfy { $0.utf8.count == 5 })
        #expect(Fingerprint.lines(Self.digest).count == 4)
        #expect(
            Fingerprint.lines(Self.digest).joined(separator: "-")
                == Fingerprint.words(Self.digest).joined(separator: "-"))
    }

    static let spellings: [String] = [
        digest.hex, digest.hex.uppercased(), " \(digest.hex.prefix(8)) \(digest.hex.dropFirst(8))\n",
        Fingerprint.words(digest).joined(separator: " "), Fingerprint.words(digest).joined(separator: "-"),
        Fingerprint.words(digest).joined(), Fingerprint.words(digest).joined(separator: "  ").uppercased(),
        Fingerprint.lines(digest).joined(separator: "\n"), Fingerprint.lines(digest).joined(separator: "\r\n\t"),
    ]

    @Test("a fingerprint is understood in any case, with spaces and hyphens anywhere", arguments: spellings)
    func tolerant(_ text: String) {
        #expect(Fingerprint.decode(text) == Self.digest)
    }

    static let bad: [String] = [
        "", " ", "-", String(hex.dropLast()), "\(hex)0", "\(hex.dropLast())g", "\(hex)\(hex)",
        fifteen, "\(fifteen) babab babab", "\(fifteen) babac", "\(fifteen) bebab", "\(fifteen) ababb",
        hex.replacing("0", with: "o"), words.joined(separator: ","), words.joined(separator: "\u{2010}"),
        String(repeating: "z", count: 1_000_000), String(repeating: "\u{1}", count: 80),
        String(repeating: "é", count: 40), "\(hex)\(String(repeating: " ", count: 200))0",
    ]

    @Test("anything else is no fingerprint", arguments: bad)
    func refused(_ text: String) {
        #expect(Fingerprint.decode(text) == nil)
    }

    @Test("every word is one pair of bytes")
    func everyWord() throws {
        var seen: Set<String> = []
        for start in stride(from: 0, through: 0xFFF0, by: 16) {
            let bytes = (start..<start + 16).flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
            let digest = try #require(Digest(bytes: bytes))
            let words = Fingerprint.words(digest)
            seen.formUnion(words)
            if start.isMultiple(of: 240) { #expect(Fingerprint.decode(words.joined()) == digest) }
        }
        #expect(seen.count == 1 << 16)
    }
}

extension [String] {
    fileprivate func repeated(_ times: Int) -> [String] { (0..<times).flatMap { _ in self } }
}
