/// What text a note may hold (C2SP signed-note, "Format").
enum NoteText {
    static let lineEnd = UInt8(ascii: "\n")
    private static let space = UInt8(ascii: " ")
    private static let plus = UInt8(ascii: "+")

    /// UTF-8, and no control character of ASCII but the line feed.
    static func isText(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.allSatisfy { $0 >= space || $0 == lineEnd } && isUTF8(bytes)
    }

    /// Something, of UTF-8, without spaces of any script, `+` or control characters of ASCII.
    static func isName(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard !bytes.isEmpty, bytes.allSatisfy({ $0 > space && $0 != plus }) else { return false }
        if bytes.allSatisfy({ $0 < 0x80 }) { return true }
        guard isUTF8(bytes) else { return false }
        return String(decoding: bytes, as: UTF8.self).unicodeScalars.allSatisfy { !$0.properties.isWhitespace }
    }

    private static func isUTF8(_ bytes: ArraySlice<UInt8>) -> Bool {
        (try? UTF8Span(validating: bytes.span)) != nil
    }
}
