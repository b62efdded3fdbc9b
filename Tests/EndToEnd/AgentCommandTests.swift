import Foundation
import SystemPackage
import TestSupport
import Testing

/// What administrators say to an instance, and read of it, as they type it.
@Suite("An administrator")
struct AgentCommandTests {
    /// An instance on 2.11.1 that asks before it installs; 2.12.0 is published.
    private func waiting() throws -> (association: Association, server: Server) {
        let association = try Association()
        try association.install("2.11.1")
        try association.release("2.12.0")
        let server = try Server(URL(fileURLWithPath: association.releases))
        try association.configure(mirrors: server.address)
        try extend(association, "mode: download\nservices: {through: none}\n")
        return (association, server)
    }

    private func extend(_ association: Association, _ text: String) throws {
        let present = try #require(try association.folder.read("instance/agent.yaml"))
        try association.folder.write(present + Array(text.utf8), to: "instance/agent.yaml")
    }

    @Test func `holds, approves, reads the history and cleans up`() throws {
        let (association, server) = try waiting()
        defer { withExtendedLifetime(server) {} }
        #expect(try association.agent("update").output.contains("waits for approval: sceau-agent approve"))
        #expect(try association.agent("hold", "--until", "3d", "--reason", "a wedding").status == 0)
        #expect(try association.agent("status").output.contains(": a wedding\n"))
        #expect(try association.agent("approve", "2.12.0").output.contains("waits while updates are on hold"))
        #expect(try association.installed() == "mail suite 2.11.1\n")
        #expect(try association.agent("unhold").output.contains("a wedding"))
        #expect(try association.agent("approve", "2.12.0").status == 0)
        #expect(try association.installed() == "mail suite 2.12.0\n")

        let lines = try association.agent("history", "--json").output.split(separator: "\n")
        #expect(lines.count == 2)
        for line in lines { #expect(try JSONSerialization.jsonObject(with: Data(line.utf8)) is [String: Any]) }
        let newest = try association.agent("history", "--json", "--limit", "1")
        #expect(newest.json["to"] as? String == "2.12.0")
        #expect(try association.agent("gc", "--json").json["bytes"] as? Int != nil)
        #expect(try association.agent("revert").status == 0)
        #expect(try association.installed() == "mail suite 2.11.1\n")
    }

    @Test(arguments: [
        (["approve", "9.9"], "agent/not-waiting"), (["hold", "--until", "tomorrow"], "command/arguments"),
        (["hold", "--until", "2001-01-01"], "agent/invalid-hold"), (["history", "--limit", "0"], nil),
    ])
    func `who says what cannot be meant is told so, and nothing is changed`(words: [String], code: String?) throws {
        let association = try Association()
        try association.install("2.11.1")
        let before = try association.files(below: "instance")
        let result = try Tool.agent.run(words + ["--config", association.configuration])
        #expect(result.status == 64)
        if let code { #expect(result.errors.contains("[\(code)]"), "\(result.errors)") }
        #expect(try association.files(below: "instance") == before)
    }

    @Test func `is told before anything happens what would fail`() throws {
        let (association, server) = try waiting()
        defer { withExtendedLifetime(server) {} }
        let good = try association.agent("check-config")
        #expect(good.status == 0, "\(good.output)")
        try extend(association, "health: {run: [/nowhere/look]}\n")
        let bad = try association.agent("check-config")
        #expect(bad.status == 1)
        #expect(bad.output.contains("problem: health.run: /nowhere/look is not here; "))
        try extend(association, "colour: red\n")
        #expect(try association.agent("check-config").status == 64)
    }

    @Test func `is told by mail what happened`() throws {
        let (association, server) = try waiting()
        defer { withExtendedLifetime(server) {} }
        let program = try association.folder.write("#!/bin/sh\ncat >> \"$0.got\"\n", to: "sendmail")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program.string)
        try extend(association, "notify: {mail: [admin@example.org], sendmail: [\(program.string), '-t']}\n")
        #expect(try association.agent("update").status == 0)
        #expect(try association.agent("approve", "2.12.0").status == 0)
        let mails = String(decoding: try #require(try association.folder.read("sendmail.got")), as: UTF8.self)
        let events = mails.split(separator: "\n").filter { $0.hasPrefix("X-Sceau-Event: ") }
        // That 2.11.1 was installed a moment ago, when nobody was to be told yet, is news as well.
        #expect(events == ["updated", "waiting", "updated"].map { "X-Sceau-Event: \($0)" })
        #expect(try association.agent("status", "--json").json["undelivered_notices"] as? Int == 0)
    }
}
