import Primitives
import Signatures
import SystemPackage
import TUF

/// A mirror that is asked for nothing more once the agent is to stop. What it was stopped in counts as that, and not as
/// the mirror's fault.
struct StoppableMirror: RepositoryMirror {
    let base: any RepositoryMirror
    /// Throws when the agent is to stop.
    let goOn: () throws -> Void

    var name: String { base.name }

    func fetchMetadata(_ name: String, limit: Int, held: Digest?) throws -> FetchedFile {
        try stoppable { try base.fetchMetadata(name, limit: limit, held: held) }
    }

    func fetchTarget(_ path: ByteString, length: Int, to partial: FilePath, progress: (Int) -> Void) throws {
        try stoppable { try base.fetchTarget(path, length: length, to: partial, progress: progress) }
    }

    func fetchLog(
        _ path: ByteString, from offset: Int, limit: Int, into sink: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Bool {
        try stoppable { try base.fetchLog(path, from: offset, limit: limit, into: sink) }
    }

    private func stoppable<Result>(_ body: () throws -> Result) throws -> Result {
        try goOn()
        do { return try body() } catch {
            try goOn()
            throw error
        }
    }
}
