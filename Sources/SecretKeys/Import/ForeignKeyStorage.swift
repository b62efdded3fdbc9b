import DurableStorage
import Primitives
import SystemPackage

/// A secret key file of another tool as it was found on the disk.
package struct FoundForeignKey: Sendable {
    package let file: ForeignKeyFile
    /// That other users of this machine can reach it, if so: a warning, since a refusal would come too late.
    package let exposure: KeyFault?
}

extension KeyStorage {
    /// A secret key file of another tool. It is never changed.
    ///
    /// Throws `.notAFile`, what `ForeignKeyFile.decode` throws, or a storage fault. The text goes from the disk into locked
    /// memory and nowhere else.
    package func loadForeignKey(_ path: FilePath) throws -> FoundForeignKey {
        let file = try ReadableFile(path)
        var exposure: KeyFault?
        do { try checkIsPrivate(file) } catch {
            guard error.code == .exposed else { throw error }
            exposure = error
        }
        let text = try SecretBytes(capacity: ForeignKeyFile.byteLimit + 1) { buffer in
            do { return try file.descriptor.readToEnd(into: buffer) } catch let error as Errno {
                throw StorageFault(error, "read", at: path)
            }
        }
        return FoundForeignKey(file: try located(path) { try ForeignKeyFile.decode(text) }, exposure: exposure)
    }
}
