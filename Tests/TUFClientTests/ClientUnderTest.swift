import CanonicalJSON
import DurableStorage
import Foundation
import Primitives
import Signatures
import Synchronization
import SystemPackage
import TUF
import TestSupport

/// The real executable with its folders, and a server that publishes what a simulated repository is at each run.
final class ClientUnderTest {
    let repository: RepositorySimulator
    let folder: TemporaryFolder
    var now = RepositorySimulator.now
    /// What the server does in place of serving, by path below its root: `metadata/…`, `targets/…`.
    var instead: [String: ServerBehaviour] = [:]
    /// Files below `targets/` in place of those that the metadata describes.
    var contents: [String: [UInt8]] = [:]
    /// Of the last run, in order, without the leading slash.
    private(set) var requests: [String] = []
    /// What the last run said on standard error.
    private(set) var errors = ""

    private let server: HostileServer
    private let table: Table

    /// What the server does now, by path.
    private final class Table: Sendable {
        let behaviours = Mutex<[String: ServerBehaviour]>([:])
    }

    init(_ repository: RepositorySimulator) throws {
        self.repository = repository
        folder = try TemporaryFolder()
        let table = Table()
        self.table = table
        server = try HostileServer { request, _ in
            table.behaviours.withLock { $0[String(request.path.dropFirst())] } ?? .status(404)
        }
    }

    /// Trusts the repository's first root, or `root`.
    @discardableResult
    func initialise(root: [UInt8]? = nil) throws -> Int32 {
        let file = try folder.write(root ?? repository.roots[0], to: "root.json")
        return try run(["--metadata-dir", metadata, "init", file.string])
    }

    func refresh() throws -> Int32 {
        try run(["--metadata-url", server.url + "metadata/", "--metadata-dir", metadata] + clock + ["refresh"])
    }

    func download(_ targets: String...) throws -> Int32 {
        try run(
            ["--metadata-url", server.url + "metadata", "--metadata-dir", metadata] + clock
                + targets.flatMap { ["--target-name", $0] }
                + ["--target-base-url", server.url + "targets/", "--target-dir", targetFolder.string, "download"])
    }

    // MARK: the state left behind

    var metadata: String { folder.path("metadata").string }
    var targetFolder: FilePath { folder.path("targets") }

    /// What is trusted now: bytes by file name, of everything called `.json`.
    func trusted() throws -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        for name in try DurableStorage().list(folder.path("metadata")) where name.hasSuffix(".json") {
            files[name] = try folder.read("metadata/" + name)
        }
        return files
    }

    /// Versions of what is trusted, by file name.
    func versions() throws -> [String: Int] {
        try trusted().mapValues { bytes in
            try JSONReader(JSONValue.decode(bytes), at: "").field("signed").field("version").integer(in: 1...Int64.max)
        }
    }

    /// Every file below the target folder, hidden ones too, by its name there.
    func downloads() throws -> [String: [UInt8]] {
        guard try DurableStorage().info(targetFolder) != nil else { return [:] }
        var files: [String: [UInt8]] = [:]
        for (path, info) in try folder.contents() where path.hasPrefix("targets/") && info.kind != .directory {
            files[String(path.dropFirst("targets/".count))] = try folder.read(path)
        }
        return files
    }

    // MARK: running

    static let executable = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        .appendingPathComponent("tuf-client")

    private var clock: [String] { ["--now", now.ISO8601Format()] }

    private func run(_ arguments: [String]) throws -> Int32 {
        publish()
        let before = server.requests.count
        let process = try start(arguments)
        process.process.waitUntilExit()
        errors = String(decoding: try Data(contentsOf: process.errors), as: UTF8.self)
        requests = server.requests.dropFirst(before).map { String($0.path.dropFirst()) }
        return process.process.terminationStatus
    }

    /// Starts a refresh and does not wait for it.
    func startRefresh() throws -> Process {
        publish()
        return try start(
            ["--metadata-url", server.url + "metadata/", "--metadata-dir", metadata] + clock + ["refresh"]
        ).process
    }

    private func start(_ arguments: [String]) throws -> (process: Process, errors: URL) {
        let process = Process()
        process.executableURL = Self.executable
        process.arguments = arguments
        process.environment = [:]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        let errors = URL(fileURLWithPath: try folder.write("", to: "errors").string)
        process.standardError = try FileHandle(forWritingTo: errors)
        try process.run()
        return (process, errors)
    }

    private func publish() {
        var files: [String: ServerBehaviour] = [:]
        for (name, bytes) in repository.files { files["metadata/" + name] = .file(bytes) }
        for (path, bytes) in repository.contents {
            let metadata = [repository.targets] + repository.delegated.values
            for target in metadata.compactMap({ $0.targets[path] }) {
                for hash in target.facts.knownHashes {
                    files["targets/" + Self.stored(path, hash.hex)] = .file(bytes)
                }
            }
        }
        for (path, bytes) in contents { files["targets/" + path] = .file(bytes) }
        files.merge(instead) { $1 }
        table.behaviours.withLock { [files] in $0 = files }
    }

    /// `a/b` with hash `h` is `a/h.b`.
    static func stored(_ path: ByteString, _ hash: ByteString) -> String {
        var parts = path.description.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        parts[parts.count - 1] = "\(hash).\(parts[parts.count - 1])"
        return parts.joined(separator: "/")
    }
}
