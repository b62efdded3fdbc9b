import DurableStorage
import Foundation
import SystemPackage
import TestSupport
import Testing

/// An association of three keyholders with its workspace, and one instance of its product, made by the tools themselves.
final class Association {
    let folder: TemporaryFolder
    /// The vkey of the log, as `init` says it.
    private(set) var log: String?
    var workspace: String { folder.path("workspace").string }
    var releases: String { folder.path("workspace/Releases").string }
    var configuration: String { folder.path("instance/agent.yaml").string }
    var prefix: String { folder.path("instance/prefix").string }
    var state: String { folder.path("instance/state").string }

    /// Keys and workspace; nothing published yet. Bob's key is sealed when `passphrase` is given. There is a release
    /// key when `releasePassphrase` is given, sealed with it. `makeAlice` says with which arguments `sceau key` makes
    /// alice.pub, if not by generating a key. A log is begun when `witnesses` says who watches it, as `--witness-policy`
    /// takes it; its key is `log.key`.
    init(
        passphrase: String? = nil, releasePassphrase: String? = nil, witnesses: String? = nil,
        makeAlice: ((TemporaryFolder) throws -> [String])? = nil
    ) throws {
        folder = try TemporaryFolder()
        for name in ["alice", "bob", "carol", "online"] {
            if name == "alice", let makeAlice {
                try check(Tool.sceau, ["key"] + makeAlice(folder))
                continue
            }
            var protection = ["--unencrypted"]
            if name == "bob", let passphrase {
                protection = ["--passphrase-file", try folder.write(passphrase, to: "passphrase").string]
            }
            try check(Tool.sceau, ["key", "generate", name, "--out", key(name)] + protection)
        }
        if let releasePassphrase {
            let file = try folder.write(releasePassphrase, to: "release-passphrase").string
            try check(
                Tool.sceau, ["key", "generate", "releases", "--out", key("releases"), "--passphrase-file", file])
        }
        let policy = try witnesses.map { try folder.write($0, to: "witnesses.policy").string }
        let founded = try check(
            Tool.sceau,
            ["init", "--workspace", workspace, "--product", "mail-suite", "--channel", "stable"]
                + (releasePassphrase == nil ? [] : ["--release-key", key("releases")])
                + ["alice", "bob", "carol"].flatMap { ["--keyholder", folder.path("\($0).pub").string] }
                + ["--threshold", "2", "--online-key", key("online")]
                + (policy.map { ["--witness-policy", $0, "--log-key", key("log")] } ?? []))
        log = founded.output.firstMatch(of: /sceau-log\/\S+\+\S+/).map { String($0.0) }
    }

    func key(_ name: String) -> String { folder.path("\(name).key").string }

    /// A small tree: text, a binary, an executable, a link, an empty folder, a name beyond ASCII.
    func makeTree(_ version: String) throws -> String {
        let tree = "tree-\(version)"
        try folder.write("mail suite \(version)\n", to: "\(tree)/README")
        try folder.write([UInt8](repeating: 7, count: 100_000), to: "\(tree)/lib/core.bin")
        try folder.write("#!/bin/sh\necho \(version)\n", to: "\(tree)/bin/mail-suite")
        try folder.write("e", to: "\(tree)/share/\u{e9}t\u{e9} 1.txt")
        let files = FileManager.default
        try files.setAttributes(
            [.posixPermissions: 0o755], ofItemAtPath: folder.path("\(tree)/bin/mail-suite").string)
        try files.createDirectory(atPath: folder.path("\(tree)/empty").string, withIntermediateDirectories: true)
        try files.createSymbolicLink(
            atPath: folder.path("\(tree)/bin/suite").string, withDestinationPath: "mail-suite")
        return folder.path(tree).string
    }

    func add(_ version: String, _ more: [String] = []) throws {
        try check(
            Tool.sceau,
            [
                "release", "add", try makeTree(version), "--workspace", workspace, "--channel", "stable", "--version",
                version,
            ]
                + more)
    }

    func sign(_ names: String...) throws {
        for name in names { try check(Tool.sceau, ["sign", "--workspace", workspace, "--key", key(name), "--yes"]) }
    }

    func publish() throws {
        try check(Tool.sceau, ["publish", "--workspace", workspace])
        try PythonTUF.read(releases, root: folder.path("workspace/Keys/root.json").string, at: Date())
    }

    /// Adds, signs by two and publishes.
    func release(_ version: String) throws {
        try add(version)
        try sign("alice", "carol")
        try publish()
    }

    /// Writes the instance's configuration for these mirrors; the first call also makes its folders.
    func configure(mirrors: String...) throws {
        try FileManager.default.createDirectory(atPath: prefix, withIntermediateDirectories: true)
        try folder.write(
            """
            product: mail-suite
            channel: stable
            mirrors: [\(mirrors.joined(separator: ", "))]
            prefix: \(prefix)
            state: \(state)
            \(log != nil ? "hold_back: {critical: 0, important: 0, otherwise: 0}" : "transparency: off")

            """, to: "instance/agent.yaml")
    }

    func agent(_ arguments: String...) throws -> Tool.Result {
        try Tool.agent.run(arguments + ["--config", configuration])
    }

    func initialiseAgent() throws {
        let result = try agent("init", "--root", folder.path("workspace/Keys/root.json").string)
        try #require(result.status == 0, "\(result.errors)")
    }

    /// What the installed program says.
    func installed() throws -> String? {
        try folder.read("instance/prefix/current/README").map { String(decoding: $0, as: UTF8.self) }
    }

    @discardableResult
    func check(_ tool: Tool, _ arguments: [String]) throws -> Tool.Result {
        let result = try tool.run(arguments)
        try #require(result.status == 0, "\(arguments): \(result.errors)\(result.output)")
        return result
    }
    /// Every file below a folder with its content: what was there before must be there after.
    func files(below name: String) throws -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        for (path, info) in try folder.contents() where path.hasPrefix(name + "/") && info.kind == .file {
            files[path] = try folder.read(path)
        }
        return files
    }

    /// A copy of what is published, to be changed and served.
    func copyReleases(to name: String) throws -> URL {
        let copy = URL(fileURLWithPath: folder.path(name).string)
        try FileManager.default.copyItem(at: URL(fileURLWithPath: releases), to: copy)
        return copy
    }
}
