import SystemPackage

/// The two halves of a path, by its last slash.
///
/// `removingLastComponent` and `lastComponent` say the same. In a debug build they check every invariant of a path at
/// every step, and the tests that stop a run after each of its effects spent most of their time on that.
extension FilePath {
    /// The folder that holds this; empty for a bare name, `/` for `/`.
    package var folder: FilePath {
        let text = string
        guard let slash = text.utf8.lastIndex(of: UInt8(ascii: "/")) else { return FilePath() }
        return slash == text.startIndex ? "/" : FilePath(String(text[..<slash]))
    }

    /// Nil for `/` and the empty path.
    package var fileName: String? {
        let text = string
        let slash = text.utf8.lastIndex(of: UInt8(ascii: "/"))
        let name = slash.map { text[text.utf8.index(after: $0)...] } ?? text[...]
        return name.isEmpty ? nil : String(name)
    }
}
