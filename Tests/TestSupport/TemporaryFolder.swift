import DurableStorage
internal import Glibc
import SystemPackage

/// A folder of its own for one test, removed with all it holds when the test lets go of it.
package final class TemporaryFolder: Sendable {
    package let path: FilePath

    /// Where flushing costs nothing, for tests that flush thousands of times. What a stop would lose is simulated anyway.
    package static let inMemory = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"

    package init(in base: String = "/tmp") throws {
        var template = Array("\(base)/sceau-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Errno(rawValue: errno) }
        path = FilePath(String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self))
    }

    deinit {
        try? DurableStorage().removeTree(path)
    }

    /// Lets other users in, who may be meant to run something in there.
    package func openToAll() throws {
        guard chmod(path.string, 0o755) == 0 else { throw Errno(rawValue: errno) }
    }

    /// The path of `name` (which may hold slashes) inside the folder.
    package func path(_ name: String) -> FilePath {
        path.appending(FilePath(name).components)
    }

    /// Writes a file for the test, with the folders above it.
    @discardableResult
    package func write(_ bytes: [UInt8], to name: String) throws -> FilePath {
        let file = path(name)
        let storage = DurableStorage()
        try storage.makeDirectory(file.folder)
        try storage.write(bytes, to: file)
        return file
    }

    @discardableResult
    package func write(_ text: String, to name: String) throws -> FilePath {
        try write(Array(text.utf8), to: name)
    }

    /// The bytes of a file, or nil when there is none.
    package func read(_ name: String) throws -> [UInt8]? {
        try DurableStorage().readIfPresent(path(name), limit: 1 << 30)
    }

    /// Everything below the folder, for assertions on what is left behind: path from the folder, and size.
    package func contents() throws -> [String: FileInfo] {
        var found: [String: FileInfo] = [:]
        try visit("", into: &found)
        return found
    }

    private func visit(_ prefix: String, into found: inout [String: FileInfo]) throws {
        let storage = DurableStorage()
        for name in try storage.list(path(prefix)) {
            let inner = prefix.isEmpty ? name : prefix + "/" + name
            guard let info = try storage.info(path(inner)) else { continue }
            found[inner] = info
            if info.kind == .directory { try visit(inner, into: &found) }
        }
    }
}
