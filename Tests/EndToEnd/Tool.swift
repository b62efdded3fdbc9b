import Foundation
import Testing

/// One of the built tools, or a foreign one, run as a process the way a person or a script would.
struct Tool {
    struct Result {
        let status: Int32
        let output: String
        let errors: String

        var json: [String: Any] {
            (try? JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any]) ?? [:]
        }
    }

    /// The tools stand beside the test program.
    static let folder = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()

    let executable: URL
    var environment: [String: String] = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"]

    static let sceau = Tool(executable: folder.appendingPathComponent("sceau"))
    static let serve = Tool(executable: folder.appendingPathComponent("sceau-serve"))
    static let agent = Tool(executable: folder.appendingPathComponent("sceau-agent"))
    static let audit = Tool(executable: folder.appendingPathComponent("sceau-audit"))

    /// A program of the system; the test fails with its name when it is missing.
    static func system(_ name: String) throws -> Tool {
        let places = ["/usr/bin/", "/usr/sbin/", "/bin/"].map { $0 + name }
        let path = places.first(where: FileManager.default.isExecutableFile)
        return Tool(executable: URL(fileURLWithPath: try #require(path, "\(name) is missing: run make test")))
    }

    /// The Python that has python-tuf, made by `make test`.
    static func python() throws -> Tool {
        let path = ProcessInfo.processInfo.environment["SCEAU_PYTHON"] ?? ".venv/bin/python"
        try #require(FileManager.default.isExecutableFile(atPath: path), "\(path) is missing: run make test")
        return Tool(executable: URL(fileURLWithPath: path))
    }

    @discardableResult
    func run(_ arguments: [String], input: String? = nil, in folder: URL? = nil) throws -> Result {
        let scratch = FileManager.default.temporaryDirectory.appendingPathComponent("sceau-e2e-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: scratch) }
        let process = Process()
        process.executableURL = executable
        process.arguments = arguments
        process.environment = environment
        process.currentDirectoryURL = folder
        let (output, errors) = (scratch.appendingPathComponent("out"), scratch.appendingPathComponent("err"))
        for file in [output, errors] { try Data().write(to: file) }
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        process.standardInput = try inputHandle(input, in: scratch)
        try process.run()
        process.waitUntilExit()
        return Result(
            status: process.terminationStatus, output: String(decoding: try Data(contentsOf: output), as: UTF8.self),
            errors: String(decoding: try Data(contentsOf: errors), as: UTF8.self))
    }

    private func inputHandle(_ input: String?, in scratch: URL) throws -> FileHandle {
        guard let input else { return .nullDevice }
        let file = scratch.appendingPathComponent("in")
        try Data(input.utf8).write(to: file)
        return try FileHandle(forReadingFrom: file)
    }
}

/// A tool that listens, on a port of its own unless it is told one; ended when released.
final class Server {
    let address: String
    private let process = Process()

    /// `sceau-serve`.
    convenience init(_ folder: URL) throws {
        try self.init(Tool.serve, [folder.path, "--listen", "127.0.0.1:0"])
    }

    init(_ tool: Tool, _ arguments: [String]) throws {
        process.executableURL = tool.executable
        process.arguments = arguments
        let errors = Pipe()
        process.standardError = errors
        process.standardOutput = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        var said = ""
        while !said.contains("listening on "), case let more = errors.fileHandleForReading.availableData, !more.isEmpty
        {
            said += String(decoding: more, as: UTF8.self)
        }
        let address = said.split(separator: "\n").first { $0.contains("listening on ") }?.split(separator: " ").last
        self.address = String(try #require(address, "\(tool.executable.lastPathComponent) said: \(said)"))
    }

    /// Waits until what was published is served: the server looks for a new publication once a second.
    func awaitPublication(from releases: String) throws {
        let curl = try Tool.system("curl")
        let published = try Data(contentsOf: URL(fileURLWithPath: "\(releases)/metadata/timestamp.json"))
        for _ in 0..<300 {
            let served = try curl.run(["--silent", "--fail", "\(address)metadata/timestamp.json"])
            if Data(served.output.utf8) == published { return }
        }
        Issue.record("the server never served what was published")
    }

    /// Asks the server to leave and waits for it; its exit status.
    @discardableResult
    func stop() -> Int32 {
        if process.isRunning { process.terminate() }
        process.waitUntilExit()
        return process.terminationStatus
    }

    deinit { stop() }
}
