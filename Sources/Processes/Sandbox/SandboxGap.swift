import SystemPackage

/// Something that a sandbox was to keep a process from, and cannot on this machine. Each is one clause of a line in a log.
package enum SandboxGap: Hashable, Sendable {
    /// Setuid programs may still give this process privileges.
    case privileges(Errno)
    /// The kernel has no Landlock, or it is switched off: every file that its user may reach is within reach.
    case files(Errno)
    /// Before version 3, files out of reach can still be cut to nothing; before version 2, nothing can be moved between
    /// folders, also not where writing is allowed.
    case fileOperations(landlockVersion: Int)
    /// Before version 5: devices that are open or readable can be controlled.
    case devices(landlockVersion: Int)
    /// Before version 6: processes outside can get signals, and sockets without a file be connected to.
    case signals(landlockVersion: Int)
    /// Before version 4, a connection can be made by a socket that was made before.
    case earlierSockets(landlockVersion: Int)
    /// New sockets of all kinds can be made. With Landlock from version 4, no TCP connection comes of them.
    case sockets(Errno)
    /// This path was to be within reach and is not: often there is nothing.
    case path(FilePath, Errno)
    /// So many other threads run already, to which files and TCP are as open as before.
    case threads(Int)
    /// What is root's to do without regard to modes may still be done, by a process of root's.
    case capabilities(Errno)
    /// System calls that change files, run programs, signal or wait for connections are not refused.
    case calls(Errno)

    /// Whether a process that only reads cannot get through it.
    var isClosedByReadingOnly: Bool {
        switch self {
        case .fileOperations, .devices, .signals: true
        default: false
        }
    }
}

extension SandboxGap: CustomStringConvertible {
    package var description: String {
        switch self {
        case .privileges(let error): "setuid programs are not disarmed (\(error.description.lowercased()))"
        case .files(let error): "files are not confined (Landlock: \(error.description.lowercased()))"
        case .fileOperations(let version): "truncating files is not confined (Landlock version \(version) of 3)"
        case .devices(let version): "controlling devices is not confined (Landlock version \(version) of 5)"
        case .signals(let version):
            "signals and abstract sockets are not confined (Landlock version \(version) of 6)"
        case .earlierSockets(let version):
            "sockets made earlier are not confined (Landlock version \(version) of 4)"
        case .sockets(let error): "making sockets is not refused (seccomp: \(error.description.lowercased()))"
        case .path(let path, let error): "\(path) is not within reach (\(error.description.lowercased()))"
        case .capabilities(let error): "capabilities are kept (\(error.description.lowercased()))"
        case .calls(let error):
            "changing files and running programs is not refused (seccomp: \(error.description.lowercased()))"
        case .threads(let count): "other threads are not confined (\(count))"
        }
    }
}
