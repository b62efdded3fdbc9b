import Foundation
import Primitives
import SystemPackage

/// aics-witness, a witness of another make, on a free port of loopback. Ends when the test lets go of it.
package final class ForeignWitness {
    /// Without a slash at its end.
    package let url: String
    package let vkey: ByteString
    private let process: PeerProcess
    private let folder: TemporaryFolder

    /// - Parameter name: the key's; the key is made from it, the same in every run.
    package init(_ name: String = "witness.example/foreign") throws {
        folder = try TemporaryFolder()
        process = try PeerProcess(
            PeerProgram.python(), ["Tests/Peers/tlog_witness.py", folder.path.string, name])
        let words = String(decoding: try process.answer(), as: UTF8.self).split(whereSeparator: \.isWhitespace)
        guard words.count == 2 else { throw PeerProgram.Objection(description: "aics-witness did not start") }
        (url, vkey) = (String(words[0]), ByteString(words[1]))
    }

    /// Lets it cosign this log from now on; the key's name is the origin.
    package func watch(_ log: ByteString) throws { try tell("log \(log)") }

    /// Sets its clock, which then stands still. It cosigns nothing while that is behind its last cosignature.
    package func setTime(_ time: Date) throws { try tell("time \(Int(time.timeIntervalSince1970))") }

    private func tell(_ line: String) throws {
        guard try process.ask(Data(line.utf8)) == Data("ok\n".utf8) else {
            throw PeerProgram.Objection(description: "aics-witness did not take: \(line)")
        }
    }
}
