import Primitives
import Signatures

/// 32 bytes as people compare them by telephone: hexadecimal, or sixteen words that can be pronounced (proquints, arXiv
/// 0901.4016: consonant, vowel, consonant, vowel, consonant for each two bytes).
package enum Fingerprint {
    private static let consonants = Array("bdfghjklmnprstvz".utf8)
    private static let vowels = Array("aiou".utf8)
    private static let wordLength = 5
    /// Words on a line of `lines`.
    private static let lineLength = 4
    /// Nobody types more for one fingerprint, in bytes.
    private static let typedLimit = 1024

    /// Names exactly this root and this snapshot, and with them every release they lead to: what two people compare when
    /// the log cannot vouch for it.
    package static func offer(root: Digest, snapshot: Digest) -> Digest {
        .sha256(of: Array("sceau-unwitnessed/1\n\(root.hex)\n\(snapshot.hex)\n".utf8))
    }

    /// Sixteen words of five letters.
    package static func words(_ digest: Digest) -> [String] {
        stride(from: 0, to: digest.bytes.count - 1, by: 2).map { index in
            word(UInt16(digest.bytes[index]) << 8 | UInt16(digest.bytes[index + 1]))
        }
    }

    /// The words on four lines, with hyphens between the words of a line.
    package static func lines(_ digest: Digest) -> [String] {
        let words = words(digest)
        return stride(from: 0, to: words.count, by: lineLength).map {
            words[$0..<min($0 + lineLength, words.count)].joined(separator: "-")
        }
    }

    /// What somebody typed: all hexadecimal digits or all words, in any case, with spaces, line ends and hyphens
    /// wherever they like. Nil for anything else.
    package static func decode(_ text: String) -> Digest? {
        guard text.utf8.count <= typedLimit else { return nil }
        let letters = text.utf8.filter { !" \t\r\n-".utf8.contains($0) }
        return Hex.decode(letters).flatMap(Digest.init(bytes:)) ?? decode(letters: letters)
    }

    private static func decode(letters: [UInt8]) -> Digest? {
        guard letters.count.isMultiple(of: wordLength) else { return nil }
        var bytes: [UInt8] = []
        var word: UInt16 = 0
        for (index, letter) in letters.enumerated() {
            let isConsonant = (index % wordLength).isMultiple(of: 2)
            let alphabet = isConsonant ? consonants : vowels
            guard let value = alphabet.firstIndex(of: letter | 0x20) else { return nil }
            word = word << (isConsonant ? 4 : 2) | UInt16(value)
            if index % wordLength == wordLength - 1 {
                bytes += [UInt8(word >> 8), UInt8(word & 255)]
                word = 0
            }
        }
        return Digest(bytes: bytes)
    }

    private static func word(_ value: UInt16) -> String {
        let value = Int(value)
        let letters = [
            consonants[value >> 12], vowels[value >> 10 & 3], consonants[value >> 6 & 15], vowels[value >> 4 & 3],
            consonants[value & 15],
        ]
        return String(decoding: letters, as: UTF8.self)
    }
}
