import DurableStorage
import Primitives
import Processes
import Releases
import TestSupport
import Testing
import UpdatePlan

@testable import Updating

/// A release with a program for everything, each of which writes into the instance's own data that it ran.
struct HookedRelease {
    var version: String
    /// Exit status of each; 0 where none is said.
    var status: [String: Int] = [:]
    /// Text of a program in place of the one that writes and ends.
    var scripts: [String: String] = [:]
    var services = ["mail-suite.service"]
    /// `compatible`, `none`, or nil for a program that changes the data back; no migration at all for `absent`.
    var way: InstallSection.Migration.Return?
    var migrates = true
    var inARow = 1
    var change: (inout ReleaseManifest) -> Void = { _ in }

    init(_ version: String, status: [String: Int] = [:]) {
        self.version = version
        self.status = status
    }

    private static let names = ["pre", "migrate", "undo", "post", "health"]

    private var files: [String: String] {
        var files = ["bin/serve": "serve \(version)", "etc/default.conf": "port 25"]
        for name in Self.names {
            files["hooks/\(name)"] =
                scripts[name]
                ?? "#!/bin/sh\necho \"\(version) \(name)\" >> \"$SCEAU_SHARED/log\"\necho \"\(name) says no\"\n"
                + "exit \(status[name] ?? 0)\n"
        }
        return files
    }

    private func hook(_ name: String) -> InstallSection.Hook { .init([ByteString("hooks/\(name)")], seconds: 20) }

    func add(to repository: ReleaseRepository) throws {
        var install = InstallSection()
        install.pre = hook("pre")
        if migrates { install.migration = .init(hook("migrate"), return: way ?? .undo(hook("undo"))) }
        install.post = hook("post")
        install.health = .init(hook("health"), every: 5, within: 20, inARow: inARow)
        install.services = try services.map { try ServiceName(ByteString($0)) }
        install.shared = ["data"]
        var lies = ReleaseRepository.Lies()
        lies.manifest = { [install] in
            $0.install = install
            change(&$0)
        }
        try repository.add(version, files, lies: lies)
    }
}

/// An instance whose services are stand-ins that write what was asked of them, and whose time passes when it sleeps.
final class HookedInstance {
    let repository: ReleaseRepository
    var instance: TestInstance
    private(set) var slept = Duration.zero

    init(_ releases: HookedRelease...) throws {
        repository = try ReleaseRepository()
        instance = try TestInstance(repository)
        try instance.initialise()
        let folder = instance.folder
        try folder.write("", to: "prefix/shared/log")
        instance.configure = { configuration in
            configuration.services.through = .commands
            configuration.services.start = ["/bin/sh", "-c", "echo start >> \"$SCEAU_SHARED/log\""]
            configuration.services.stop = ["/bin/sh", "-c", "echo stop >> \"$SCEAU_SHARED/log\""]
        }
        instance.adjust = { [self] ports in
            ports.elapsed = { [self] in slept }
            ports.sleep = { [self] in slept += $0 }
        }
        for release in releases { try release.add(to: repository) }
    }

    /// What ran since this was asked last.
    func ran() throws -> [String] {
        let text = String(decoding: try instance.folder.read("prefix/shared/log") ?? [], as: UTF8.self)
        try instance.folder.write("", to: "prefix/shared/log")
        return text.split(separator: "\n").map(String.init)
    }

    func agent() throws -> Agent { try instance.agent() }

    /// Changes what the administrator wrote, besides what is there.
    func configure(_ more: @escaping (inout AgentConfiguration) -> Void) {
        let before = instance.configure
        instance.configure = {
            before(&$0)
            more(&$0)
        }
    }
}
