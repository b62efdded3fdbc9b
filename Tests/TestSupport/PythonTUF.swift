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
            let running = try slot ?? Running()
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

    private static let process = Mutex<Running?>(nil)

    /// Ends when this process does: its standard input is closed then.
    private final class Running {
        private let requests: FileHandle
        private let answers: FileHandle

        init() throws {
            let python = ProcessInfo.processInfo.environment["SCEAU_PYTHON"] ?? ".venv/bin/python"
            guard FileManager.default.isExecutableFile(atPath: python) else {
                throw Objection(description: "\(python) is missing: run make test")
            }
            // Should it die, that is an error to read, not the end of all tests.
            signal(SIGPIPE, SIG_IGN)
            let process = Process()
            process.executableURL = URL(fileURLWithPath: python)
            process.arguments = ["Tests/Peers/tuf_read_folders.py"]
            let (input, output) = (Pipe(), Pipe())
            process.standardInput = input
            process.standardOutput = output
            try process.run()
            requests = input.fileHandleForWriting
            answers = output.fileHandleForReading
        }

        func ask(_ line: Data) throws -> Data {
            try requests.write(contentsOf: line + Data("\n".utf8))
            var answer = Data()
            while answer.last != UInt8(ascii: "\n") {
                let more = answers.availableData
                guard !more.isEmpty else { throw Objection(description: "the Python process has ended") }
                answer += more
            }
            return answer
        }
    }
}
