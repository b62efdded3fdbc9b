import CanonicalJSON
import DurableStorage
import FoundationEssentials
import Primitives
import Releases
import SystemPackage

/// Files that a maintainer hands in beside the tree.
enum ReleaseInput {
    /// Bytes of notes, and of an advisory.
    static let textLimit = 1 << 20

    /// Notes for people: UTF-8.
    static func loadText(_ path: FilePath, _ storage: DurableStorage) throws -> [UInt8] {
        let bytes = try storage.read(path, limit: textLimit)
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw PublishingFault(.unusableFile, found: "text that is not UTF-8", at: path.string)
        }
        return bytes
    }

    /// An advisory in OSV form: JSON with an `id`. Its other fields are carried as they are.
    static func loadAdvisory(
        _ path: FilePath, _ storage: DurableStorage
    ) throws -> (id: AdvisoryID, bytes: [UInt8]) {
        let bytes = try storage.read(path, limit: textLimit)
        do {
            let value = try JSONValue.decode(bytes, limits: JSONLimits(bytes: textLimit, depth: 32))
            let id = try JSONReader(value, at: "advisory").field("id").string()
            return (try AdvisoryID(id), bytes)
        } catch let fault as any ReportableFault {
            throw PublishingFault(
                .unusableFile, found: fault.message, expected: "an OSV advisory with an \"id\"", at: path.string)
        }
    }

    /// What is done around the switch; nothing without a file.
    static func loadInstall(
        _ path: FilePath?, for version: Version, madeAt time: Date, _ storage: DurableStorage
    ) throws -> InstallFile {
        guard let path else { return InstallFile() }
        let bytes = try storage.read(path, limit: InstallFile.byteLimit)
        return try InstallFile.decode(bytes, at: path.string, version: version, time: time)
    }

    static func attachmentName(_ path: FilePath) throws(PublishingFault) -> ReleaseFileName {
        do { return try ReleaseFileName(ByteString(path.lastComponent?.string ?? "")) } catch {
            throw PublishingFault(
                .unusableFile, found: error.found, expected: error.expected, at: path.string,
                hint: "rename the file before attaching it")
        }
    }
}
