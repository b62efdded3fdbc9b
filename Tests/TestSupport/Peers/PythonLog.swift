import Foundation
import Primitives
import SystemPackage

/// aics-tlog as a second opinion on a published log.
package enum PythonLog {
    package struct Reading: Decodable, Sendable {
        package let size: Int
        /// In hexadecimal.
        package let root: String
        /// Times by the witnesses' names.
        package let cosigned: [String: Int]
        package let tiles: Int
        package let bundles: Int
        /// Files in `proofs/`.
        package let proofs: Int
        /// Of the trees that the proofs are of.
        package let sizes: [Int]
    }

    /// Verifies everything in the folder. Throws `PeerProgram.Objection` with what it objects to.
    ///
    /// - Parameters:
    ///   - log: the folder with `checkpoint`.
    ///   - quorum: how many of the witnesses must have cosigned the checkpoint and each proof's.
    package static func verify(
        _ log: FilePath, key: ByteString, witnesses: [ByteString] = [], quorum: Int = 0
    ) throws -> Reading {
        let named = witnesses.flatMap { ["--witness", $0.description] }
        let arguments =
            ["Tests/Peers/tlog_verify.py", log.string, "--log", key.description, "--quorum", String(quorum)] + named
        let printed = try PeerProgram.run(PeerProgram.python(), arguments)
        return try JSONDecoder().decode(Reading.self, from: Data(printed.utf8))
    }
}
