import Primitives
import Signatures
import SystemPackage
import TransparencyLog

/// Where what a log has signed is remembered: beside its key, on the publishing machine.
struct LogFolder: Sendable {
    let path: FilePath

    /// One writer at a time.
    var lock: FilePath { path.appending("lock") }
    /// The newest tree that was signed: its checkpoint, its right edge, and what is in it. One file, whole or not there:
    /// writing it is what makes a checkpoint exist.
    var state: FilePath { path.appending("state") }
    /// Bundles and tiles of that tree which are not live yet.
    var pending: FilePath { path.appending("pending") }
}

extension Workspace {
    package var liveLog: FilePath { releases.appending("log") }
    package var liveCheckpoint: FilePath { LogPaths.checkpoint(in: liveLog) }
}

/// Where the files of a log stand below its folder.
package enum LogPaths {
    package static func checkpoint(in folder: FilePath) -> FilePath { folder.appending("checkpoint") }

    /// - Parameter path: as a tile or bundle names itself.
    package static func file(_ path: ByteString, in folder: FilePath) -> FilePath {
        folder.appending(String(decoding: path.bytes, as: UTF8.self))
    }

    /// - Parameter digest: of what is logged.
    package static func proof(of digest: Digest, in folder: FilePath) -> FilePath {
        file(TlogProof.path(of: digest), in: folder)
    }
}
