import Primitives
import Releases
import Signatures

/// A patch by position. Reads exactly or throws; from several threads at once.
package protocol PatchBytes: Sendable {
    var count: Int { get }
    func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws
}

/// The old tree. It is asked for files of the old listing only.
package protocol PatchSource {
    /// Opens a file of the old tree. Throws unless it is a regular file of the listed size.
    func open(_ entry: TreeEntry) throws -> any OldFile
}

/// The new tree: a fresh folder. Everything it is asked for has passed the policy for paths, folders come before what
/// they hold, and no path comes twice. Files of one tree may be asked for out of order.
package protocol PatchSink: AnyObject {
    func makeFolder(_ path: ByteString) throws
    func makeLink(_ path: ByteString, to target: ByteString) throws
    /// Makes a file at `path` with the whole content of an old one, at once or until `finish`. One of both throws unless
    /// that content has the digest of `old`: nobody else looks at it.
    func makeFile(_ path: ByteString, copying old: TreeEntry, executable: Bool) throws
    /// Begins a file; its bytes follow, then `endFile`. One at a time.
    func beginFile(_ path: ByteString, size: Int, executable: Bool) throws
    func write(_ bytes: UnsafeRawBufferPointer) throws
    /// The digest of what was written.
    func endFile() throws -> Digest
    /// All has been asked for. Throws unless all is there.
    func finish() throws
}

/// Where something can be done while the caller goes on.
package protocol SecondCore: Sendable {
    /// Begins `work`, which is done when `wait` has returned. Nothing else is begun before that.
    func begin(_ work: @escaping @Sendable () -> Void)
    func wait()
}

/// Does everything at once.
package struct SameCore: SecondCore {
    package init() {}
    package func begin(_ work: @escaping @Sendable () -> Void) { work() }
    package func wait() {}
}

/// How far a patch has been made or applied.
package struct PatchProgress: Hashable, Sendable {
    /// Bytes of new files.
    package var done: Int
    package var total: Int
}

/// A patch in memory.
package struct PatchInMemory: PatchBytes {
    private let bytes: [UInt8]

    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    package var count: Int { bytes.count }

    package func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
        guard offset >= 0, offset <= bytes.count, buffer.count <= bytes.count - offset else {
            throw PatchFault(.truncated)
        }
        bytes.withUnsafeBytes {
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + buffer.count]))
        }
    }
}
