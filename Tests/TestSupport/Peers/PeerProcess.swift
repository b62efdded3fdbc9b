import Foundation

/// Programs of others, as peers in tests.
package enum PeerProgram {
    package struct Objection: Error, CustomStringConvertible {
        package let description: String
    }

    /// Python with what `Scripts/peers-venv` installed.
    static func python() throws -> String {
        let python = ProcessInfo.processInfo.environment["SCEAU_PYTHON"] ?? ".venv/bin/python"
        guard FileManager.default.isExecutableFile(atPath: python) else {
            throw Objection(description: "\(python) is missing: run make test")
        }
        return python
    }

    /// What the program prints. Throws what it says when it fails; that is to be short.
    static func run(
        _ program: String, _ arguments: [String], environment: [String: String] = [:]
    ) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let (output, errors) = (Pipe(), Pipe())
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        let printed = output.fileHandleForReading.readDataToEndOfFile()
        let said = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Objection(description: String(decoding: said, as: UTF8.self))
        }
        return String(decoding: printed, as: UTF8.self)
    }
}

/// A program that answers each line with a line. It ends when this does: its standard input is closed then.
package final class PeerProcess {
    private let requests: FileHandle
    private let answers: FileHandle

    init(_ program: String, _ arguments: [String]) throws {
        // Should it die, that is an error to read, not the end of all tests.
        signal(SIGPIPE, SIG_IGN)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        requests = input.fileHandleForWriting
        answers = output.fileHandleForReading
    }

    func ask(_ line: Data) throws -> Data {
        try requests.write(contentsOf: line + Data("\n".utf8))
        return try answer()
    }

    /// The next line that it prints.
    func answer() throws -> Data {
        var answer = Data()
        while answer.last != UInt8(ascii: "\n") {
            let more = answers.availableData
            guard !more.isEmpty else { throw PeerProgram.Objection(description: "the peer has ended") }
            answer += more
        }
        return answer
    }
}
