import Foundation
import SystemPackage
import TestSupport
import Testing

/// A PostgreSQL of a test's own: in a temporary folder, on a socket in there and no port, ended when released. It has an
/// empty database `suite` of the user `suite`.
final class PostgreSQL {
    private let folder: TemporaryFolder
    private let programs: String
    private let process = Process()
    private var errors: Pipe?

    init() throws {
        folder = try TemporaryFolder()
        programs = try Self.newestPrograms()
        // PostgreSQL does not run as root; the package brings a user for it.
        if getuid() == 0 { try Self.check(Tool.system("chown").run(["postgres", folder.path.string])) }
        let wanted = ["--auth=trust", "--username=postgres", "--no-sync", "--pgdata", data]
        try Self.check(server("initdb").run(prefix("initdb") + wanted))
        try start()
        for command in ["CREATE ROLE suite LOGIN", "CREATE DATABASE suite OWNER suite"] {
            try Self.check(
                client("psql").run(["--username=postgres", "--dbname=postgres", "--command", command]))
        }
    }

    deinit {
        // SIGINT is its fast shutdown: clients are not waited for.
        guard process.isRunning else { return }
        process.interrupt()
        process.waitUntilExit()
    }

    /// As a child and not through `pg_ctl`: what that leaves behind keeps what it inherited, and is waited for.
    private func start() throws {
        process.executableURL = try server("postgres").executable
        process.arguments =
            prefix("postgres") + ["-D", data, "-k", folder.path.string, "-c", "listen_addresses=", "-c", "fsync=off"]
        process.environment = ["LANG": "C.UTF-8"]
        let errors = Pipe()
        process.standardError = errors
        (process.standardOutput, process.standardInput) = (FileHandle.nullDevice, FileHandle.nullDevice)
        try process.run()
        var said = ""
        while !said.contains("ready to accept connections"),
            case let more = errors.fileHandleForReading.availableData, !more.isEmpty
        {
            said += String(decoding: more, as: UTF8.self)
        }
        // Open for as long as it runs: it must not meet a closed pipe.
        self.errors = errors
        try #require(process.isRunning, "\(said)")
    }

    private var data: String { folder.path("data").string }

    /// As a shell reads it: where the database is.
    var settings: String { environment.map { "export \($0)=\($1)\n" }.sorted().joined() }

    private var environment: [String: String] {
        ["PGHOST": folder.path.string, "PGUSER": "suite", "PGDATABASE": "suite"]
    }

    /// The first column of what a query answers, a line for each row.
    func rows(_ query: String) throws -> [String] {
        let arguments = ["--no-psqlrc", "--tuples-only", "--no-align", "--command", query]
        let result = try Self.check(client("psql").run(arguments))
        return result.output.split(separator: "\n").map(String.init)
    }

    /// Tables, columns, keys and sequences of the schema `suite`, as statements.
    func schema() throws -> String {
        let dump = try Self.check(client("pg_dump").run(["--schema-only", "--schema=suite"])).output
        // `\restrict` and its end hold a word made by chance.
        return dump.split(separator: "\n").filter { !$0.hasPrefix("\\") }.joined(separator: "\n")
    }

    private func client(_ name: String) throws -> Tool {
        var tool = try Tool.system(name)
        tool.environment.merge(environment) { $1 }
        return tool
    }

    /// A program of the server, or what gives root's rights away and then becomes it, with `prefix`.
    private func server(_ name: String) throws -> Tool {
        getuid() == 0 ? try Tool.system("setpriv") : Tool(executable: URL(fileURLWithPath: "\(programs)/\(name)"))
    }

    private func prefix(_ name: String) -> [String] {
        guard getuid() == 0 else { return [] }
        return ["--reuid=postgres", "--regid=postgres", "--clear-groups", "--", "\(programs)/\(name)"]
    }

    @discardableResult
    private static func check(_ result: Tool.Result) throws -> Tool.Result {
        try #require(result.status == 0, "\(result.errors)\(result.output)")
        return result
    }

    /// The servers' programs are not in the path: there may be several versions.
    private static func newestPrograms() throws -> String {
        let base = "/usr/lib/postgresql"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: base)) ?? []
        let newest = versions.filter { FileManager.default.isExecutableFile(atPath: "\(base)/\($0)/bin/initdb") }
            .max { (Int($0) ?? 0) < (Int($1) ?? 0) }
        return "\(base)/\(try #require(newest, "postgresql is missing: run make test"))/bin"
    }
}
