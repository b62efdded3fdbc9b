import DurableStorage
internal import Glibc
import Patching
import Primitives
import SystemPackage

/// A patch on the disk.
package final class PatchFile: PatchBytes, Sendable {
    package let count: Int
    private let file: ReadableFile

    package init(_ path: FilePath) throws {
        file = try ReadableFile(path)
        var status = stat()
        guard fstat(file.descriptor.rawValue, &status) == 0 else {
            throw StorageFault(Errno(rawValue: errno), "fstat", at: path)
        }
        count = Int(status.st_size)
    }

    package func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
        var filled = 0
        while filled < buffer.count {
            let part = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
            let read: Int
            do {
                read = try file.descriptor.read(fromAbsoluteOffset: Int64(offset + filled), into: part)
            } catch let error as Errno {
                throw StorageFault(error, "read", at: file.path)
            }
            guard read > 0 else { throw PatchFault(.truncated, at: file.path.string) }
            filled += read
        }
    }
}
