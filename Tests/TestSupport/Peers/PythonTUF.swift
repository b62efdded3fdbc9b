import Foundation
import Synchronization

/// python-tuf's client, in one process for all tests of a run, as a second opinion on what was published.
package enum PythonTUF {
    /// Refreshes from a published folder as a new client and as one that has read it before, and downloads every target
    /// of every role. Throws what python-tuf objects to.
    ///
    /// - Parameters:
    ///   - releases: the folder with `metadata/` and `targets/`.
    ///   - root: the trust anchor's file.
    @discardableResult
    package static func read(_ releases: String, root: String, at time: Date) throws -> Reading {
        let request = ["releases": releases, "root": root, "time": time.ISO8601Format()]
        let line = try JSONSerialization.data(withJSONObject: request, options: .withoutEscapingSlashes)
        let answer = try process.withLock { slot -> Data in
            let running = try slot ?? PeerProcess(PeerProgram.python(), ["Tests/Peers/tuf_read_folders.py"])
            slot = running
            return try running.ask(line)
        }
        let reading = try JSONDecoder().decode(Reading.self, from: answer)
        if let error = reading.error { throw Objection(description: "python-tuf: \(error)") }
        return reading
    }

    package struct Reading: Decodable, Sendable {
        /// Of every role that is trusted now.
        package let versions: [String: Int]?
        /// Every target path, each downloaded and verified.
        package let targets: [String]?
        fileprivate let error: String?
    }

    package struct Objection: Error, CustomStringConvertible {
        package let description: String
    }

    private static let process = Mutex<PeerProcess?>(nil)
}
