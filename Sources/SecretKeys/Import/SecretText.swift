internal import CSodium
import Primitives

/// The texts that other tools wrap their keys into, decoded from one locked buffer into another.
enum SecretText {
    private static let blanks = Array(" \t\r\n".utf8)

    /// What lies between the lines `begin` and `end` of a text that holds nothing else, in base 64.
    static func decodeArmour(
        _ text: UnsafeRawBufferPointer, begin: String, end: String
    ) throws -> SecretBytes {
        let trimmed = trimming(text)
        guard trimmed.starts(with: begin.utf8), trimmed.reversed().starts(with: end.utf8.reversed()),
            trimmed.count >= begin.utf8.count + end.utf8.count
        else { throw KeyFault(.malformed, expected: "nothing but one key between \(begin) and \(end)") }
        let body = trimmed[begin.utf8.count..<(trimmed.count - end.utf8.count)]
        return try decodeBase64(UnsafeRawBufferPointer(rebasing: body), ignoring: "\r\n")
    }

    /// The second of two lines, in base 64; the first is a comment.
    static func decodeSecondLine(_ text: UnsafeRawBufferPointer) throws -> SecretBytes {
        guard let lineBreak = text.firstIndex(of: UInt8(ascii: "\n")) else {
            throw KeyFault(.malformed, found: "one line", expected: "two: a comment, and the key")
        }
        let second = UnsafeRawBufferPointer(rebasing: text[(lineBreak + 1)...])
        return try decodeBase64(trimming(second), ignoring: nil)
    }

    /// Strict: one spelling for given bytes, but for the characters of `ignoring`.
    private static func decodeBase64(_ text: UnsafeRawBufferPointer, ignoring: String?) throws -> SecretBytes {
        try SecretBytes(capacity: text.count / 4 * 3 + 3) { buffer in
            guard let source = text.baseAddress?.assumingMemoryBound(to: CChar.self),
                let start = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
            else { throw KeyFault(.malformed, found: "nothing", expected: "a key in base 64") }
            var count = 0
            let status = sodium_base642bin(
                start, buffer.count, source, text.count, ignoring, &count, nil, sodium_base64_VARIANT_ORIGINAL)
            guard status == 0 else { throw KeyFault(.malformed, found: "something else", expected: "base 64") }
            return count
        }
    }

    private static func trimming(_ text: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        let start = text.firstIndex { !blanks.contains($0) } ?? text.endIndex
        let end = text.lastIndex { !blanks.contains($0) }.map { $0 + 1 } ?? start
        return UnsafeRawBufferPointer(rebasing: text[start..<end])
    }
}
