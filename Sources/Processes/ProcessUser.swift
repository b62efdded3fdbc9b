internal import Glibc
import Primitives
import SystemPackage

/// A user of this machine, with the groups it is in.
package struct ProcessUser: Hashable, Sendable {
    package let name: String
    package let uid: UInt32
    package let gid: UInt32
    /// All of them, `gid` too.
    package let groups: [UInt32]
    package let home: FilePath

    private static let longestRecord = 1 << 20
    private static let mostGroups = 65536

    /// Looks `name` up in the system's user database; throws `process/not-found` when there is no such user.
    package static func named(_ name: String) throws(ProcessFault) -> ProcessUser {
        guard !name.isEmpty, !name.utf8.contains(0) else { throw ProcessFault(.notFound, found: "no user's name") }
        var size = 1024
        while size <= longestRecord {
            var record = passwd()
            var result: UnsafeMutablePointer<passwd>?
            var buffer = [CChar](repeating: 0, count: size)
            let (error, user) = buffer.withUnsafeMutableBufferPointer { buffer -> (Int32, ProcessUser?) in
                guard let start = buffer.baseAddress else { return (ENOMEM, nil) }
                let error = getpwnam_r(name, &record, start, buffer.count, &result)
                return (error, result.map { Self.user(name, $0.pointee) })
            }
            if let user { return user }
            guard error == ERANGE else { throw missing(name, error) }
            size *= 4
        }
        throw missing(name, ERANGE)
    }

    private static func user(_ name: String, _ record: passwd) -> ProcessUser {
        ProcessUser(
            name: name, uid: record.pw_uid, gid: record.pw_gid, groups: groups(of: name, and: record.pw_gid),
            home: record.pw_dir.map { FilePath(String(cString: $0)) } ?? "/")
    }

    /// The user with this number; throws `process/not-found` when there is none.
    package static func numbered(_ uid: UInt32) throws(ProcessFault) -> ProcessUser {
        // The name is copied before anybody can ask for another one: for use before there are threads.
        guard let record = getpwuid(uid), let name = record.pointee.pw_name else {
            throw ProcessFault(.notFound, found: "no user with the number \(uid)")
        }
        return try named(String(cString: name))
    }

    /// Makes this process, with all its threads, run as this user, for good. Takes root, of whom nothing is left: real,
    /// effective and saved ids are all set.
    package func become() throws(ProcessFault) {
        guard setgroups(groups.count, groups) == 0, setgid(gid) == 0, setuid(uid) == 0 else {
            throw ProcessFault(
                .notPermitted, found: Errno(rawValue: errno).description.lowercased(),
                expected: "to become the user \(name)")
        }
    }

    /// What this process may do by its user.
    package static var isRoot: Bool { geteuid() == 0 }

    private static func groups(of name: String, and group: gid_t) -> [UInt32] {
        var count: Int32 = 64
        while count <= mostGroups {
            var groups = [gid_t](repeating: 0, count: Int(count))
            let room = count
            if getgrouplist(name, group, &groups, &count) >= 0 { return Array(groups.prefix(Int(count))) }
            count = max(count, room * 2)
        }
        return [group]
    }

    private static func missing(_ name: String, _ error: Int32) -> ProcessFault {
        // Of a user that is not there, some databases say so by an error.
        let isAbsent = [0, ENOENT, ESRCH, EBADF, EPERM].contains(error)
        let reason = isAbsent ? "no such user" : Errno(rawValue: error).description.lowercased()
        return ProcessFault(isAbsent ? .notFound : .failed, found: reason, at: name)
    }
}
