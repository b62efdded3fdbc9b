import Primitives

extension InstallSection {
    /// How many tools there may be, and bytes of each.
    private static let toolLimits = (count: 64, bytes: 255)

    func checkTools() throws(ReleaseFault) {
        guard tools.count <= Self.toolLimits.count, Set(tools).count == tools.count else {
            throw Self.fault("\(tools.count) tools", "at most \(Self.toolLimits.count), none of them twice")
        }
        for tool in tools where !Self.isTool(tool) {
            throw Self.fault("the tool \"\(tool)\"", "the name of a program such as psql, or an absolute path to one")
        }
    }

    /// A word of letters, digits and `._+-` that is no option, `.` or `..`; or several of them with a slash before each.
    private static func isTool(_ tool: ByteString) -> Bool {
        guard (1...toolLimits.bytes).contains(tool.count) else { return false }
        let isPath = tool.bytes.first == UInt8(ascii: "/")
        let words = tool.bytes.dropFirst(isPath ? 1 : 0).split(
            separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return (isPath || words.count == 1) && words.allSatisfy(isWord)
    }

    private static func isWord(_ word: ArraySlice<UInt8>) -> Bool {
        guard let first = word.first, first != UInt8(ascii: "-"), first != UInt8(ascii: ".") else { return false }
        return word.allSatisfy { byte in
            switch Unicode.Scalar(byte) {
            case "a"..."z", "A"..."Z", "0"..."9", ".", "_", "+", "-": true
            default: false
            }
        }
    }
}
