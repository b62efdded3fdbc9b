import DurableStorage
import SystemPackage

/// Writing without flushing, for tests that write thousands of files.
enum SimulatedFile {
    static func write(_ bytes: [UInt8], to path: FilePath) throws {
        try DurableStorage().makeDirectory(path.removingLastComponent())
        let file = try FileDescriptor.open(
            path, .writeOnly, options: [.create, .truncate], permissions: [.ownerReadWrite, .groupRead, .otherRead])
        try file.closeAfter { _ = try file.writeAll(bytes) }
    }
}
