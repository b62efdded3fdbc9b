import CanonicalJSON
import DurableStorage
internal import Glibc
import Primitives
import SystemPackage

/// Key files on this machine. Secret ones are made 0600 and refused when others can reach them; none is overwritten.
package struct KeyStorage: Sendable {
    private let storage: DurableStorage

    package init(_ storage: DurableStorage) {
        self.storage = storage
    }

    // MARK: loading

    /// A secret key's file. Throws `.notAFile`, `.exposed`, `.malformed`, `.costOutOfBounds`, `.memory`, or a storage fault.
    package func loadKeyFile(_ path: FilePath) throws -> KeyFile {
        let file = try ReadableFile(path)
        try checkIsRegular(file)
        return try keyFile(contents(of: file), in: file)
    }

    /// A public key's file. Throws `.malformed` or a storage fault.
    package func loadPublicKeyFile(_ path: FilePath) throws -> PublicKeyFile {
        let text = try contents(of: ReadableFile(path))
        return try located(path) { try PublicKeyFile.decode(KeyFileText(text).redacted) }
    }

    /// The public half of either kind of file; a secret key's file is judged as `loadKeyFile` does.
    package func loadPublicHalf(_ path: FilePath) throws -> PublicKeyFile {
        let file = try ReadableFile(path)
        let text = try contents(of: file)
        try located(path) { try OtherToolsKey.check(text) }
        let redacted = try located(path) { try KeyFileText(text).redacted }
        let value = try? JSONValue.decode(redacted, limits: KeyFileHeader.jsonLimits)
        if case .object(let object)? = value, object["format"] == .string(KeyFile.format) {
            return PublicKeyFile(try keyFile(text, in: file))
        }
        return try located(path) { try PublicKeyFile.decode(redacted) }
    }

    /// Whether a file says that it is a secret key of ours, whatever its name and mode. Throws a storage fault.
    package func saysItIsSecret(_ path: FilePath) throws -> Bool {
        try contents(of: ReadableFile(path)).withUnsafeBytes { $0.contains(KeyFile.format.bytes) }
    }

    private func keyFile(_ text: SecretBytes, in file: ReadableFile) throws -> KeyFile {
        // What is no key of ours is no secret that we could judge.
        try located(file.path) { try OtherToolsKey.check(text) }
        do { try checkIsPrivate(file) } catch {
            guard error.code == .exposed, (try? PublicKeyFile.decode(KeyFileText(text).redacted)) != nil else {
                throw error
            }
            throw KeyFault(.malformed, found: "a public key", expected: "a secret one, NAME.key", at: file.path.string)
        }
        return try located(file.path) { try KeyFile.decode(text) }
    }

    /// Judges the file that was opened, not whatever stands at its path a moment later.
    func checkIsPrivate(_ file: ReadableFile) throws(KeyFault) {
        let mode = try modeOfRegular(file)
        guard mode & 0o077 == 0 else {
            throw KeyFault(
                .exposed, found: "mode " + octal(mode), expected: "mode 0600", at: file.path.string,
                hint: "chmod 600 \(file.path.string), and consider whether somebody has copied the key")
        }
    }

    /// Throws `.notAFile`.
    func checkIsRegular(_ file: ReadableFile) throws(KeyFault) {
        _ = try modeOfRegular(file)
    }

    private func modeOfRegular(_ file: ReadableFile) throws(KeyFault) -> mode_t {
        var status = stat()
        guard fstat(file.descriptor.rawValue, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw KeyFault(.notAFile, at: file.path.string)
        }
        return status.st_mode & 0o7777
    }

    /// As far as a key file goes and one byte more, by which too long a file is known. It may hold a secret.
    private func contents(of file: ReadableFile) throws -> SecretBytes {
        try SecretBytes(capacity: KeyFileHeader.byteLimit + 1) { buffer in
            do { return try file.descriptor.readToEnd(into: buffer) } catch let error as Errno {
                throw StorageFault(error, "read", at: file.path)
            }
        }
    }

    /// Adds to a fault of `body` which file it is about.
    func located<Result>(_ path: FilePath, _ body: () throws -> Result) throws -> Result {
        do { return try body() } catch let error as KeyFault {
            let location = error.location.map { "\($0) in \(path.string)" } ?? path.string
            throw KeyFault(error.code, found: error.found, expected: error.expected, at: location, hint: error.hint)
        }
    }

    private func octal(_ mode: mode_t) -> String {
        let digits = String(mode, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    // MARK: making

    /// Throws `.exists` when something stands at one of `paths`.
    package func checkFree(_ paths: FilePath...) throws {
        for path in paths {
            guard try storage.info(path) == nil else { throw KeyFault(.exists, at: path.string) }
            let folder = path.removingLastComponent()
            guard try folder.isEmpty || storage.info(folder) != nil else {
                throw StorageFault(.notFound, expected: "a folder", at: folder.string)
            }
        }
    }

    /// Writes both halves, the secret one 0600. Throws `.exists` when either path is taken; then nothing was changed.
    ///
    /// The public half comes first: a crash in between leaves no secret key that nobody knows.
    package func create(_ file: KeyFile, at path: FilePath, publicAt publicPath: FilePath) throws {
        try checkFree(path, publicPath)
        try create(PublicKeyFile(file), at: publicPath)
        do {
            // Whoever has made the public half is alone with this name.
            let holder = publicPath.lastComponent?.string ?? "key"
            let text = try file.encoded()
            try writeNew(to: path, by: "for-\(holder)", mode: .privateFile) { sink in
                try text.withUnsafeBytes { try sink($0) }
            }
        } catch {
            try? storage.remove(publicPath)
            throw error
        }
    }

    /// Writes a public key file. Throws `.exists` when the path is taken; then nothing was changed.
    package func create(_ file: PublicKeyFile, at path: FilePath) throws {
        try checkFree(path)
        let writer = String(UInt64.random(in: 0...(.max)), radix: 36)
        try writeNew(to: path, by: writer, mode: .publicFile) { sink in
            try file.encoded.withUnsafeBytes { try sink($0) }
        }
    }

    /// Whole and flushed under a name of its own first, then moved to a name that must be free.
    ///
    /// - Parameter writer: tells that first name from those of other processes, which may make the same key just now.
    private func writeNew(
        to path: FilePath, by writer: String, mode: FilePermissions,
        producing produce: (_ sink: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) throws {
        guard let name = path.lastComponent else { throw KeyFault(.notAFile, at: path.string) }
        let new = path.removingLastComponent().appending(".\(name.string).\(writer).new")
        do {
            try storage.write(to: new, mode: mode, producing: produce)
        } catch {
            try? storage.remove(new)
            throw error
        }
        do {
            try storage.renameExclusively(new, to: path)
        } catch {
            // Whatever failed, the file that we made goes; one that stood there before stays.
            let isStillNew = (try? storage.info(new) != nil) ?? true
            try? storage.remove(isStillNew ? new : path)
            if error.code == .exists { throw KeyFault(.exists, at: path.string) }
            throw error
        }
    }
}
