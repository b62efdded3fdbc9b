import Primitives

/// A delegation's path pattern (TUF 4.5, `PATHPATTERN`): shell wildcards that never reach across a `/`.
package struct PathPattern: Hashable, Sendable {
    package let text: ByteString

    package init(_ text: ByteString) {
        self.text = text
    }

    /// Whether `path` has as many segments, each matching: `*` any run, `?` one character, `[…]` and `[!…]` a set.
    package func matches(_ path: ByteString) -> Bool {
        let patterns = Self.segments(text)
        let segments = Self.segments(path)
        return patterns.count == segments.count
            && zip(patterns, segments).allSatisfy { Self.matches(pattern: $0, text: $1) }
    }

    private static func segments(_ text: ByteString) -> [[Unicode.Scalar]] {
        text.bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .map { Array(String(decoding: $0, as: UTF8.self).unicodeScalars) }
    }

    /// Only the newest `*` is ever tried again, so the time is at most the product of both lengths.
    private static func matches(pattern: [Unicode.Scalar], text: [Unicode.Scalar]) -> Bool {
        var patternIndex = 0
        var textIndex = 0
        var retry: (pattern: Int, text: Int)?
        while textIndex < text.count {
            if patternIndex < pattern.count, pattern[patternIndex] == "*" {
                retry = (patternIndex + 1, textIndex)
                patternIndex += 1
            } else if let length = matchLength(pattern[patternIndex...], text[textIndex]) {
                patternIndex += length
                textIndex += 1
            } else if let (nextPattern, nextText) = retry {
                retry = (nextPattern, nextText + 1)
                patternIndex = nextPattern
                textIndex = nextText + 1
            } else {
                return false
            }
        }
        return pattern[patternIndex...].allSatisfy { $0 == "*" }
    }

    /// How many pattern characters `character` uses up; nil when it does not match.
    private static func matchLength(_ pattern: ArraySlice<Unicode.Scalar>, _ character: Unicode.Scalar) -> Int? {
        guard let first = pattern.first else { return nil }
        if first == "?" { return 1 }
        if first == "[", let set = CharacterSet(pattern) { return set.contains(character) ? set.length : nil }
        return first == character ? 1 : nil
    }

    /// `[abc]`, `[a-z]`, `[!a]` at the beginning of a pattern; an unclosed bracket is an ordinary character.
    private struct CharacterSet {
        let length: Int
        private let isNegated: Bool
        private let members: ArraySlice<Unicode.Scalar>

        init?(_ pattern: ArraySlice<Unicode.Scalar>) {
            let afterBracket = pattern.dropFirst()
            isNegated = afterBracket.first == "!"
            let body = isNegated ? afterBracket.dropFirst() : afterBracket
            // A `]` that comes first is a member.
            guard let end = body.dropFirst().firstIndex(of: "]") else { return nil }
            members = body[..<end]
            length = end - pattern.startIndex + 1
        }

        func contains(_ character: Unicode.Scalar) -> Bool {
            var rest = members
            while let low = rest.popFirst() {
                if rest.count >= 2, rest.first == "-", let high = rest.dropFirst().first {
                    rest = rest.dropFirst(2)
                    if low.value <= character.value, character.value <= high.value { return !isNegated }
                } else if low == character {
                    return !isNegated
                }
            }
            return isNegated
        }
    }
}
