import CanonicalJSON
import Foundation
import Primitives
import Signatures
import SystemPackage
import TUF
import TestSupport
import Testing

/// What `sceau publish` made, signed anew by test keys under a root that asks for a log, with that log and its witnesses.
final class LoggedSite {
    let association: Association
    let simulator = RepositorySimulator()
    let log = LogSimulator()
    let server: Server
    private let role: RoleName = "mail-suite-stable"
    private var site: FilePath { association.folder.path("site") }

    init() throws {
        association = try Association()
        simulator.delegate(to: role, patterns: ["mail-suite/stable/*/*"], terminating: true)
        simulator.requireWitnesses(log.policy(2))
        simulator.restartRoots()
        let site = association.folder.path("site")
        for name in ["metadata", "targets"] {
            try FileManager.default.createDirectory(
                atPath: site.appending(name).string, withIntermediateDirectories: true)
        }
        try association.release("2.11.1")
        try Self.take(association, simulator, role)
        log.record(simulator)
        log.publish(at: Date())
        try Self.write(association, simulator, log, to: site)
        server = try Server(URL(fileURLWithPath: site.string))
        try configure()
        try association.folder.write(simulator.roots[0], to: "root.json")
        let result = try association.agent("init", "--root", association.folder.path("root.json").string)
        try #require(result.status == 0, "\(result.errors)")
    }

    /// The instance asks for the log; `more` are further keys.
    func configure(_ more: String = "hold_back: {critical: 0, important: 0, otherwise: 0}") throws {
        try association.configure(mirrors: server.address)
        let text = try #require(try association.folder.read("instance/agent.yaml"))
        let asking = String(decoding: text, as: UTF8.self).replacing(
            "transparency: off", with: "transparency: required")
        try association.folder.write("\(asking)\(more)\n", to: "instance/agent.yaml")
    }

    /// Publishes a release, logs it unless it is a secret one, and waits until it is served.
    func release(_ version: String, isLogged: Bool = true) throws {
        try association.release(version)
        try Self.take(association, simulator, role)
        if isLogged { log.record(simulator) }
        try publish()
    }

    func publish() throws {
        log.publish(at: Date())
        try write()
    }

    /// Writes everything as it stands, under a new timestamp, and waits until it is served.
    func write() throws {
        simulator.publishTimestamp()
        try Self.write(association, simulator, log, to: site)
        try server.awaitPublication(from: site.string)
    }

    /// What the association's channel lists, for the simulated one.
    private static func take(_ association: Association, _ simulator: RepositorySimulator, _ role: RoleName) throws {
        let folder = URL(fileURLWithPath: association.releases)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.appendingPathComponent("metadata").path)
        let newest = names.filter { $0.hasSuffix(".\(role).json") }
            .max { (Int($0.prefix { $0 != "." }) ?? 0) < (Int($1.prefix { $0 != "." }) ?? 0) }
        let bytes = Array(
            try Data(contentsOf: folder.appendingPathComponent("metadata/\(try #require(newest))")))
        let metadata = try UnverifiedMetadata<Targets>(decoding: bytes, role: role, limits: MetadataLimits())
        for (path, file) in metadata.content.targets {
            let digest = try #require(file.facts.sha256)
            let parts = path.description.split(separator: "/")
            let stored = parts.dropLast().joined(separator: "/") + "/\(digest.hex).\(parts.last ?? "")"
            simulator.contents[path] = Array(
                try Data(contentsOf: folder.appendingPathComponent("targets/\(stored)")))
            simulator.delegated[role]?.targets[path] = file
        }
        simulator.delegated[role]?.header.version += 1
        simulator.publish()
    }

    private static func write(
        _ association: Association, _ simulator: RepositorySimulator, _ log: LogSimulator, to site: FilePath
    ) throws {
        try log.write(to: site)
        let targets = site.appending("targets").string
        try FileManager.default.removeItem(atPath: targets)
        try FileManager.default.copyItem(atPath: "\(association.releases)/targets", toPath: targets)
        let last = RoleName.timestamp.fileName
        for (name, bytes) in simulator.files.sorted(by: { $0.key != last && $1.key == last }) {
            // The server looks for a new file, not for a changed one.
            let path = site.appending("metadata").appending(name).string
            try Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
        }
    }
}

@Suite("An agent that requires the log")
struct AgentLogTests {
    @Test func `installs what is logged, and says how the log stands`() throws {
        let site = try LoggedSite()
        let association = site.association
        #expect(try association.agent("check").status == 2)
        let update = try association.agent("update")
        #expect(update.status == 0, "\(update.errors)")
        #expect(try association.installed() == "mail suite 2.11.1\n")
        #expect(try association.agent("check").status == 0)
        let log = try association.agent("status", "--json").json["log"] as? [String: Any]
        #expect(log?["size"] as? Int == site.log.size)
        #expect(log?["origin"] as? String == site.log.origin.description)
        #expect(log?["policy"] as? String == site.log.policy(2).description || log?["policy"] != nil)
        #expect((log?["last_cosigned"] as? String)?.hasSuffix("Z") == true)
        let status = try association.agent("status").output
        #expect(status.contains("\(site.log.size) entries, last cosigned 2"))
        #expect(status.contains("2 of 3 (witnesses w1, w2, w3)"))
    }

    @Test func `holds a release back, and --now does not lift that`() throws {
        let site = try LoggedSite()
        let association = site.association
        #expect(try association.agent("update").status == 0)
        try site.release("2.12.0")
        try site.configure("")
        let check = try association.agent("check")
        #expect(check.status == 2, "\(check.errors)")
        #expect(check.output.contains("held back until 2"), "\(check.output)")
        let update = try association.agent("update", "--now")
        #expect(update.status == 0)
        #expect(update.output.contains("held back until 2"), "\(update.output)")
        #expect(try association.installed() == "mail suite 2.11.1\n")
        let held = try association.agent("status", "--json").json["held"] as? [String: Any]
        #expect(held?["version"] as? String == "2.12.0")
        #expect(try association.agent("status").output.contains("held back until 2"))
        try site.configure()
        #expect(try association.agent("update").status == 0)
        #expect(try association.installed() == "mail suite 2.12.0\n")
    }

    @Test func `refuses a release that everybody signed and nobody logged, and says whom to tell`() throws {
        let site = try LoggedSite()
        let association = site.association
        #expect(try association.agent("update").status == 0)
        try site.release("2.12.0", isLogged: false)
        let refused = try association.agent("update")
        #expect(refused.status == 3)
        #expect(refused.errors.contains("[log/unlogged]"), "\(refused.errors)")
        #expect(refused.errors.contains("nothing was changed; still on 2.11.1"), "\(refused.errors)")
        #expect(refused.errors.contains("hint: somebody may be offering this instance what nobody else can see"))
        #expect(try association.installed() == "mail suite 2.11.1\n")
    }

    @Test func `refuses what no quorum saw, unless its fingerprint is given`() throws {
        let site = try LoggedSite()
        let association = site.association
        #expect(try association.agent("update").status == 0)
        for witness in site.log.witnesses[1...] { witness.behaviour = .absent }
        try site.release("2.12.0")
        let refused = try association.agent("update")
        #expect(refused.status == 3)
        #expect(refused.errors.contains("[log/no-quorum]"), "\(refused.errors)")
        #expect(refused.errors.contains("still on 2.11.1"))
        let words = try #require(refused.errors.split { $0.isWhitespace }.first { $0.filter { $0 == "-" }.count == 15 })
        for part in ["abc", words.split(separator: "-").dropLast().joined(separator: "-")] {
            let malformed = try association.agent("update", "--accept-unwitnessed", part)
            #expect(malformed.status == 64)
            #expect(malformed.errors.contains("hint: type what the publisher reads to you"), "\(malformed.errors)")
            #expect(malformed.errors.contains("--accept-unwitnessed 'babab-dabab-…'"), "\(malformed.errors)")
        }
        let other = try association.agent("update", "--accept-unwitnessed", String(repeating: "0", count: 64))
        #expect(other.status == 3)
        #expect(other.errors.contains("[agent/other-fingerprint]"), "\(other.errors)")
        #expect(try association.installed() == "mail suite 2.11.1\n")
        let typed = words.replacing("-", with: " ").uppercased()
        let accepted = try association.agent("update", "--accept-unwitnessed", typed, "--json")
        #expect(accepted.status == 0, "\(accepted.errors)")
        let fingerprint = try #require(accepted.json["accepted_unwitnessed"] as? String)
        #expect(refused.errors.contains(fingerprint))
        #expect(try association.installed() == "mail suite 2.12.0\n")
        let history = String(
            decoding: try association.folder.read("instance/state/history.jsonl") ?? [], as: UTF8.self)
        #expect(history.contains("\"accepted-unwitnessed\"") && history.contains(fingerprint))
        #expect(try association.agent("check").status == 3)
    }
}
