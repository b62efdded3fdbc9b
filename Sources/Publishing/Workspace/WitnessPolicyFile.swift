/// The file in `Keys/` that says who watches the log.
package enum WitnessPolicyFile {
    /// The name that `init` and `root propose` give it.
    package static let name = "witnesses" + suffix
    static let suffix = ".policy"
    /// The line of a `.gitignore` that lets such files in where everything else stays out.
    static let letsIn = "!*" + suffix
    /// Bytes. Root, which holds it, has room for about as much as this.
    package static let byteLimit = 32 << 10
    private static let longestName = 64

    /// Nothing hidden, and nothing in another folder.
    static func isValid(_ name: String) -> Bool {
        guard name.hasSuffix(suffix), name.utf8.count <= longestName, let first = name.utf8.first else { return false }
        return isPlain(first) && name.utf8.allSatisfy { isPlain($0) || "._-".utf8.contains($0) }
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
