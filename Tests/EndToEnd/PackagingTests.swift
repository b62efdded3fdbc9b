import Foundation
import SystemPackage
import TestSupport
import Testing

/// What `make install` puts in place besides the tools.
@Suite("Packaging")
struct PackagingTests {
    private static let units = ["sceau-agent@.service", "sceau-agent-update@.service"]

    private func text(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(fileURLWithPath: "Packaging/\(name)")), as: UTF8.self)
    }

    /// A unit as systemd-analyze can read it: with a program that is there.
    private func unit(_ name: String, in folder: TemporaryFolder, and more: String = "") throws -> String {
        let text = try (self.text("systemd/\(name)") + more).replacingOccurrences(
            of: "/usr/local/bin/sceau-agent", with: Tool.agent.executable.path)
        return try folder.write(text, to: name).string
    }

    private func exposure(_ unit: String) throws -> Double {
        let result = try Tool.system("systemd-analyze").run(["security", "--offline=true", "--no-pager", unit])
        let number = result.output.firstMatch(of: #/Overall exposure level .*: ([0-9.]+) /#)?.1
        return try #require(number.flatMap { Double($0) }, "\(result.output)\(result.errors)")
    }

    @Test(arguments: units)
    func `a unit is one that systemd takes`(name: String) throws {
        let folder = try TemporaryFolder()
        let timer = try unit("sceau-agent-update@.timer", in: folder)
        let units = try Self.units.map { try unit($0, in: folder) }
        for path in units + [timer] {
            let instance = path.replacingOccurrences(of: "@.", with: "@mail-suite.")
            try FileManager.default.copyItem(atPath: path, toPath: instance)
        }
        let path = folder.path(name.replacingOccurrences(of: "@.", with: "@mail-suite.")).string
        let result = try Tool.system("systemd-analyze").run(["verify", "--man=no", path])
        #expect(result.status == 0)
        #expect(result.output + result.errors == "")
    }

    @Test(arguments: units)
    func `a unit's exposure is 2 or less, and as root 2.7 or less`(name: String) throws {
        let folder = try TemporaryFolder()
        #expect(try exposure(unit(name, in: folder)) <= 2.0)
        #expect(try exposure(unit(name, in: folder, and: "\n" + text("systemd/root.conf"))) <= 2.7)
    }

    @Test func `both ways of running it stand within the same walls`() throws {
        let walls = try Self.units.map { name in
            try text("systemd/\(name)").split(separator: "\n").filter { !$0.hasPrefix("#") }
                .drop { !$0.hasPrefix("StateDirectory=") }.prefix { $0 != "[Install]" }
        }
        #expect(walls[0].count > 20)
        #expect(walls[0] == walls[1])
    }

    @Test func `the example configuration is what the agent explains`() throws {
        let explained = try Tool.agent.run(["config", "--explain"])
        #expect(explained.status == 0)
        #expect(
            try explained.output == text("agent.yaml"),
            "write it anew: sceau-agent config --explain > Packaging/agent.yaml")
    }

    @Test func `make install-packaging puts everything where systemd and people look`() throws {
        let folder = try TemporaryFolder()
        let root = folder.path("root").string
        let result = try Tool.system("make").run(["install-packaging", "DESTDIR=\(root)", "PREFIX=/opt/sceau"])
        #expect(result.status == 0, "\(result.errors)")
        let files = try FileManager.default.subpathsOfDirectory(atPath: root + "/opt/sceau").filter {
            !$0.hasSuffix("d")
        }
        let expected = [
            "lib/systemd/system/sceau-agent@.service", "lib/systemd/system/sceau-agent-update@.service",
            "lib/systemd/system/sceau-agent-update@.timer", "lib/sysusers.d/sceau.conf", "lib/tmpfiles.d/sceau.conf",
            "share/doc/sceau/agent.yaml", "share/doc/sceau/root.conf", "share/doc/sceau/50-sceau.rules",
        ]
        #expect(Set(files).isSuperset(of: expected))
        let unit = try Data(contentsOf: URL(fileURLWithPath: root + "/opt/sceau/" + expected[0]))
        #expect(String(decoding: unit, as: UTF8.self).contains("ExecStart=/opt/sceau/bin/sceau-agent run"))
    }
}
