internal import Glibc
import Primitives
import SystemPackage

package typealias StorageFault = Fault<StorageFaultCode>

/// What can go wrong with this machine's files.
package enum StorageFaultCode: String, FaultCode {
    case notFound = "storage/not-found"
    case permissionDenied = "storage/permission-denied"
    case full = "storage/full"
    case exists = "storage/exists"
    case tooLong = "storage/too-long"
    case locked = "storage/locked"
    case failed = "storage/failed"

    package var family: FaultFamily { .local }

    package var summary: String {
        switch self {
        case .notFound: "file not found"
        case .permissionDenied: "permission denied"
        case .full: "no space left on the file system"
        case .exists: "something stands there already"
        case .tooLong: "file is too long"
        case .locked: "another process is at work here"
        case .failed: "file operation failed"
        }
    }

    package var hint: String? {
        switch self {
        case .permissionDenied: "check the owner and mode of this path and of its folders"
        case .full: "free some space and run this again"
        case .locked: "wait until it has finished; a lock ends with its process"
        case .notFound: "check the path"
        case .exists: "move what stands there away, or choose another name"
        case .tooLong: "check whether this is the right file"
        case .failed: "check the path and the health of the disk, then run this again"
        }
    }
}

extension Fault where Code == StorageFaultCode {
    /// From the error number a system call left behind.
    package init(_ error: Errno, _ operation: String, at path: FilePath) {
        let code: StorageFaultCode =
            switch error {
            case .noSuchFileOrDirectory: .notFound
            case .permissionDenied, .notPermitted, .readOnlyFileSystem: .permissionDenied
            case .noSpace, .diskQuotaExceeded: .full
            case .fileExists, .directoryNotEmpty: .exists
            default: .failed
            }
        self.init(
            code, found: "\(error.description.lowercased()) on \(operation)", at: path.string,
            hint: error == .readOnlyFileSystem ? Self.readOnlyAdvice : nil)
    }

    /// Owner and mode are not what stands in the way.
    package static var readOnlyAdvice: String {
        "nobody can write there: mount it for writing, or, where the agent is a service, name the folder in its "
            + "ReadWritePaths; a disk with errors is made read-only too, which the kernel's log says"
    }

    static func current(_ operation: String, at path: FilePath) -> StorageFault {
        StorageFault(Errno(rawValue: errno), operation, at: path)
    }
}
