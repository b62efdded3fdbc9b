import DurableStorage
import Primitives
import SystemPackage
import UpdatePlan

/// Where the rules of a time zone come from: this machine's tz database. UTC needs no file.
package struct TimeZoneFile: Sendable {
    package static let systemFolder: FilePath = "/usr/share/zoneinfo"
    private static let expected = "the name of a time zone, such as Europe/Brussels or UTC"
    /// Far above the longest there is.
    private static let nameLimit = 64

    private let folder: FilePath
    private let storage: DurableStorage

    package init(folder: FilePath = systemFolder, _ storage: DurableStorage = DurableStorage()) {
        self.folder = folder
        self.storage = storage
    }

    /// Throws `AgentFault.unknownTimeZone`, `UpdatePlanFault` or `StorageFault`. A zone that is not here is never taken
    /// for another one.
    package func load(_ name: String) throws -> TimeZoneRules {
        if name == "UTC" { return .utc }
        guard Self.isName(name) else {
            throw AgentFault(.unknownTimeZone, found: "\"\(name)\"", expected: Self.expected)
        }
        guard try storage.info(folder) != nil else {
            throw AgentFault(
                .unknownTimeZone, found: "no time zones on this machine", expected: folder.string, at: name,
                hint: "install Debian's package tzdata, or give the times in UTC")
        }
        let file = folder.appending(FilePath(name).components)
        return try TimeZoneRules.decode(read(file, name: name), name: name, file: file.string)
    }

    private func read(_ file: FilePath, name: String) throws -> [UInt8] {
        guard let kind = try storage.info(file)?.kind, kind != .directory else {
            throw AgentFault(.unknownTimeZone, found: "\"\(name)\"", expected: Self.expected, at: folder.string)
        }
        return try storage.read(file, limit: TimeZoneRules.fileLimit)
    }

    /// Words of letters, digits, `_`, `+` and `-` between slashes: nothing that leaves the folder, is hidden, or is a table of
    /// the database (`zone.tab`).
    private static func isName(_ name: String) -> Bool {
        let words = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return name.utf8.count <= nameLimit
            && words.allSatisfy { word in !word.isEmpty && word.allSatisfy(isAllowed) }
    }

    private static func isAllowed(_ character: UInt8) -> Bool {
        switch Unicode.Scalar(character) {
        case "a"..."z", "A"..."Z", "0"..."9", "_", "+", "-": true
        default: false
        }
    }
}
