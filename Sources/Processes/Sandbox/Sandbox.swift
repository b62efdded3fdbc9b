internal import CProcess
internal import Glibc
import SystemPackage

/// What a process may still reach after `enter`: these paths and, if so said, the network. Nothing gets it out again, nor
/// what it starts.
///
/// Files are confined by Landlock, the network by a seccomp filter, which refuses every new socket, and by Landlock for
/// TCP. Limits: descriptors that are open already stay as they are; with the network allowed, and not `onlyReads`, a service of
/// this machine that listens on a socket with a path can be asked, as far as its modes allow; `stat` and `chmod` are not confined.
/// A process that goes on running programs by `ProcessRunner` needs /proc to find what they leave behind.
package struct Sandbox: Hashable, Sendable {
    /// Files, and folders with all below them.
    package var readOnly: [FilePath]
    package var readWrite: [FilePath]
    package var allowsNetwork: Bool
    /// Whether programs below `readOnly` may be executed; below `readWrite` never.
    package var allowsPrograms: Bool
    /// It changes no file, runs no program, signals nobody and waits for no connection, also where the kernel has no Landlock,
    /// or an old one (a seccomp filter), and has no capabilities. Then `readWrite` and `allowsPrograms` give nothing.
    package var onlyReads: Bool

    package init(
        readOnly: [FilePath] = [], readWrite: [FilePath] = [], allowsNetwork: Bool = false,
        allowsPrograms: Bool = false,
        onlyReads: Bool = false
    ) {
        self.readOnly = readOnly
        self.readWrite = readWrite
        self.allowsNetwork = allowsNetwork
        self.allowsPrograms = allowsPrograms
        self.onlyReads = onlyReads
    }

    /// Confines this process as far as this machine can, and returns what it cannot: nothing at best. To be called before
    /// there are other threads, and once: a second sandbox only takes away more.
    package func enter() -> [SandboxGap] {
        var gaps: [SandboxGap] = []
        let otherThreads = Self.countThreads() - 1
        if otherThreads > 0 { gaps.append(.threads(otherThreads)) }
        if sceau_forbid_new_privileges() != 0 { gaps.append(.privileges(.current)) }
        gaps += confineByLandlock()
        if !allowsNetwork, sceau_refuse_network() != 0 { gaps.append(.sockets(.current)) }
        return onlyReads ? confineToReading(gaps) : gaps
    }

    /// What is left of `gaps` once the filter closes those that an older Landlock leaves.
    private func confineToReading(_ gaps: [SandboxGap]) -> [SandboxGap] {
        var gaps = gaps
        if sceau_drop_capabilities() != 0 { gaps.append(.capabilities(.current)) }
        guard sceau_only_read_and_ask() == 0 else { return gaps + [.calls(.current)] }
        return gaps.filter { !$0.isClosedByReadingOnly }
    }

    private func confineByLandlock() -> [SandboxGap] {
        let version = Int(sceau_landlock_version())
        guard version >= 1 else { return [.files(.current)] }
        var handled = sceau_handled()
        handled.files = LandlockAccess.handledFiles(version)
        handled.tcp = allowsNetwork ? 0 : LandlockAccess.handledTCP(version)
        handled.scopes = LandlockAccess.handledScopes(version, allowsNetwork: allowsNetwork && !onlyReads)
        let ruleset = sceau_landlock_create(&handled)
        guard ruleset >= 0 else { return [.files(.current)] }
        defer { close(ruleset) }

        var gaps = gaps(ofLandlock: version)
        let reading = LandlockAccess.reading(version, allowsPrograms: allowsPrograms)
        for path in readOnly { allow(path, reading, ruleset, &gaps) }
        for path in readWrite { allow(path, LandlockAccess.writing(version), ruleset, &gaps) }
        guard sceau_landlock_enter(ruleset) == 0 else { return [.files(.current)] }
        return gaps
    }

    private func allow(
        _ path: FilePath, _ access: (folder: UInt64, file: UInt64), _ ruleset: Int32, _ gaps: inout [SandboxGap]
    ) {
        if sceau_landlock_allow(ruleset, path.string, access.folder, access.file) != 0 {
            gaps.append(.path(path, .current))
        }
    }

    /// What is missing in an older Landlock.
    func gaps(ofLandlock version: Int) -> [SandboxGap] {
        var gaps: [SandboxGap] = []
        if version < 3 { gaps.append(.fileOperations(landlockVersion: version)) }
        if version < 4, !allowsNetwork { gaps.append(.earlierSockets(landlockVersion: version)) }
        if version < 5 { gaps.append(.devices(landlockVersion: version)) }
        if version < 6 { gaps.append(.signals(landlockVersion: version)) }
        return gaps
    }

    /// Where it cannot be known, as if there were no others.
    private static func countThreads() -> Int {
        guard let tasks = opendir("/proc/self/task") else { return 1 }
        defer { closedir(tasks) }
        var count = 0
        while let entry = readdir(tasks) {
            if entry.pointee.d_name.0 != CChar(UInt8(ascii: ".")) { count += 1 }
        }
        return count
    }
}

extension Errno {
    fileprivate static var current: Errno { Errno(rawValue: errno) }
}
