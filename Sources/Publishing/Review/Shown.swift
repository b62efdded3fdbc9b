import Primitives

/// How text from outside is shown to people: escaped, and cut off where it would push everything else from the screen.
enum Shown {
    static func text(_ text: ByteString, limit: Int) -> String {
        guard text.count > limit else { return text.description }
        let beginning = String(decoding: text.bytes.prefix(limit), as: UTF8.self)
        return beginning.escapingUnprintable() + "… (\(text.count) bytes in all)"
    }

    /// `a`, `a and b`, `a, b and c`.
    static func list(_ words: [String]) -> String {
        guard let last = words.last, words.count > 1 else { return words.first ?? "" }
        return words.dropLast().joined(separator: ", ") + " and " + last
    }

    /// Like `list`, ending in `and N more` after `limit` words.
    static func list(_ words: [String], limit: Int) -> String {
        words.count <= limit ? list(words) : list(Array(words.prefix(limit)) + ["\(words.count - limit) more"])
    }
}
