/// What Landlock can forbid, and since which of its versions (Documentation/userspace-api/landlock.rst of Linux).
enum LandlockAccess {
    static let execute: UInt64 = 1 << 0
    static let writeFile: UInt64 = 1 << 1
    static let readFile: UInt64 = 1 << 2
    static let readFolder: UInt64 = 1 << 3
    /// Removing, and making folders, files, sockets, FIFOs, links; moving between folders. Making devices (6 and 11) is
    /// given to nobody.
    private static let changeFolder: UInt64 = 0b11_0111_1011_0000
    private static let move: UInt64 = 1 << 13
    private static let truncate: UInt64 = 1 << 14
    private static let controlDevices: UInt64 = 1 << 15

    /// Everything about files that this version forbids.
    static func handledFiles(_ version: Int) -> UInt64 {
        let first: UInt64 = (1 << 13) - 1
        return first | (version >= 2 ? move : 0) | (version >= 3 ? truncate : 0) | (version >= 5 ? controlDevices : 0)
    }

    /// Binding and connecting TCP.
    static func handledTCP(_ version: Int) -> UInt64 { version >= 4 ? 0b11 : 0 }

    static let abstractSockets: UInt64 = 1 << 0
    static let signals: UInt64 = 1 << 1

    static func handledScopes(_ version: Int, allowsNetwork: Bool) -> UInt64 {
        guard version >= 6 else { return 0 }
        return allowsNetwork ? signals : signals | abstractSockets
    }

    /// What a rule gives, beneath a folder or to a file; a rule may only give what is handled.
    static func reading(_ version: Int, allowsPrograms: Bool) -> (folder: UInt64, file: UInt64) {
        let file = readFile | (allowsPrograms ? execute : 0)
        return (file | readFolder, file)
    }

    static func writing(_ version: Int) -> (folder: UInt64, file: UInt64) {
        let file = (readFile | writeFile | truncate) & handledFiles(version)
        return ((file | readFolder | changeFolder) & handledFiles(version), file)
    }
}
