import Foundation
import SystemPackage
import TestSupport
import Testing

/// Keys that real agents hold, from the public key to an instance that verifies.
@Suite("Signing through an ssh-agent")
struct SSHAgentSigningTests {
    /// An association whose keyholder alice has her key in `agent` and nowhere else.
    private func association(_ agent: RunningSSHAgent, mustConfirm: Bool = false) throws -> Association {
        let line = try agent.add(comment: "card of alice", mustConfirm: mustConfirm)
        return try Association { folder in
            let card = try folder.write(line, to: "card.pub").string
            return ["import", card, "--name", "alice", "--out", folder.path("alice.key").string]
        }
    }

    private func sign(_ association: Association, _ agent: RunningSSHAgent, _ name: String = "alice") throws
        -> Tool.Result
    {
        try agent.using(.sceau).run(["sign", "--workspace", association.workspace, "--ssh-agent", name, "--yes"])
    }

    @Test(arguments: RunningSSHAgent.Kind.allCases)
    func `makes a release that instances and auditors accept`(kind: RunningSSHAgent.Kind) throws {
        let agent = try RunningSSHAgent(kind)
        try agent.add(type: "rsa", comment: "another")
        let association = try association(agent)
        #expect(try association.folder.read("alice.key") == nil, "there is no secret file")
        try association.add("2.11.1")
        let signed = try sign(association, agent)
        #expect(signed.status == 0, "\(signed.errors)")
        #expect(signed.output.contains("alice signed root version 1"), "\(signed.output)")
        try association.sign("carol")
        try association.publish()

        try association.configure(mirrors: URL(fileURLWithPath: association.releases).absoluteString)
        let root = association.folder.path("workspace/Keys/root.json").string
        let audit = try Tool.audit.run(["verify", association.releases, "--root", root, "--full"])
        #expect(audit.status == 0, "\(audit.errors)")
        let server = try Server(URL(fileURLWithPath: association.releases))
        try association.configure(mirrors: server.address)
        try association.initialiseAgent()
        #expect(try association.agent("update").status == 0)
        #expect(try association.installed() == "mail suite 2.11.1\n")
        #expect(server.stop() == 0)
    }

    @Test(arguments: RunningSSHAgent.Kind.allCases)
    func `ends when somebody says no, and nothing is signed`(kind: RunningSSHAgent.Kind) throws {
        let agent = try RunningSSHAgent(kind)
        let association = try association(agent, mustConfirm: kind == .openSSH)
        try association.add("2.11.1")
        try agent.refuse()
        let before = try association.files(below: "workspace")
        let result = try sign(association, agent)
        #expect(result.status == 1)
        #expect(result.errors.contains("[key/agent-refused]"), "\(result.errors)")
        #expect(result.errors.contains("nothing was signed"))
        #expect(try association.files(below: "workspace") == before)
    }

    @Test func `says which keys the agent has when it is not the right one`() throws {
        let agent = try RunningSSHAgent(.openSSH)
        let association = try Association()
        try association.add("2.11.1")
        try agent.add(comment: "somebody@home")
        try agent.add(type: "ecdsa", comment: "router")
        let before = try association.files(below: "workspace")
        let result = try sign(association, agent)
        #expect(result.status == 1)
        #expect(result.errors.contains("[key/not-in-agent]"), "\(result.errors)")
        #expect(result.errors.contains("found \"somebody@home\", \"router\" (ecdsa-sha2-nistp256)"), "\(result.errors)")
        #expect(try association.files(below: "workspace") == before)
    }

    @Test func `without an agent says so`() throws {
        let association = try Association()
        try association.add("2.11.1")
        for socket in [nil, "", "/nowhere/at/all"] {
            var tool = Tool.sceau
            tool.environment["SSH_AUTH_SOCK"] = socket
            let result = try tool.run(["sign", "--workspace", association.workspace, "--ssh-agent", "alice", "--yes"])
            #expect(result.status == 1)
            #expect(result.errors.hasPrefix("sceau: error: [key/no-agent] there is no ssh-agent"), "\(result.errors)")
        }
    }

    @Test func `needs exactly one signer with a name`() throws {
        let association = try Association()
        for arguments in [
            [], ["--key", "alice.key", "--ssh-agent", "alice"], ["--ssh-agent", "alice", "--passphrase-file", "p"],
            ["--ssh-agent", "../alice"],
        ] {
            let result = try Tool.sceau.run(["sign", "--workspace", association.workspace, "--yes"] + arguments)
            #expect(result.status == 64, "\(result.errors)")
        }
    }

    @Test(arguments: ["rsa", "ecdsa"])
    func `is not for other types of keys, which import refuses with the reason`(type: String) throws {
        let agent = try RunningSSHAgent(.openSSH)
        let folder = try TemporaryFolder()
        let line = try folder.write(try agent.add(type: type, comment: "mine"), to: "mine.pub").string
        let result = try Tool.sceau.run(
            ["key", "import", line, "--name", "alice"], in: URL(fileURLWithPath: folder.path.string))
        #expect(result.status == 3)
        #expect(result.errors.contains("[key/unsupported]"), "\(result.errors)")
        #expect(result.errors.contains("Ed25519"), "\(result.errors)")
        #expect(Array(try folder.contents().keys) == ["mine.pub"])
    }
}

/// `sceau key list`
@Suite("The list of keys")
struct KeyListTests {
    private func list(_ tool: Tool, _ arguments: [String]) throws -> [String: Any] {
        let result = try tool.run(["key", "list", "--json"] + arguments)
        try #require(result.status == 0, "\(result.errors)")
        return result.json
    }

    @Test func `shows workspace, files and agent, and who holds which`() throws {
        let agent = try RunningSSHAgent(.openSSH)
        let line = try agent.add(comment: "card of alice")
        try agent.add(type: "rsa", comment: "another")
        let association = try Association { folder in
            let card = try folder.write(line, to: "card.pub").string
            return ["import", card, "--name", "alice", "--out", folder.path("alice.key").string]
        }
        try association.folder.write("{}", to: "broken.key")
        let arguments = [association.folder.path.string, "--workspace", association.workspace]
        let report = try list(agent.using(.sceau), arguments)

        let workspace = try #require(report["workspace"] as? [[String: Any]])
        #expect(workspace.map { $0["name"] as? String } == ["alice", "bob", "carol", "online"])
        #expect(workspace.map { $0["in_ssh_agent"] as? Bool } == [true, false, false, false])
        #expect(workspace.first?["held"] as? String == "ssh-agent")
        let files = try #require(report["files"] as? [[String: Any]])
        #expect(files.map { $0["name"] as? String } == ["bob", nil, "carol", "online"])
        #expect(files.dropFirst().first?["error"] as? String == "key/malformed")
        let held = try #require(report["ssh_agent"] as? [String: Any])
        #expect(held["available"] as? Bool == true)
        #expect(held["other_keys"] as? Int == 1)
        let key = try #require((held["keys"] as? [[String: Any]])?.first)
        #expect(key["name"] as? String == "alice")
        #expect(key["comment"] as? String == "card of alice")
        let fingerprint = try #require(key["fingerprint"] as? String)
        let shown = try agent.using(Tool.system("ssh-add")).run(["-l"]).output
        #expect(shown.contains(" \(fingerprint) card of alice (ED25519)"), "\(shown)")

        let text = try agent.using(.sceau).run(["key", "list"] + arguments)
        #expect(text.output.contains("  alice  \(fingerprint)  card of alice\n"), "\(text.output)")
        #expect(text.output.contains("the ssh-agent holds it"))
        #expect(text.output.contains("1 of other types"))
    }

    @Test func `works without an agent and without a workspace`() throws {
        let folder = try TemporaryFolder()
        // The folder at hand is the default workspace, and after `make demo` that of the clone is one.
        let place = URL(fileURLWithPath: folder.path.string)
        let result = try Tool.sceau.run(["key", "list"], in: place)
        #expect(result.status == 0)
        #expect(result.output == "no key files in .\nthere is no ssh-agent to sign with: found no SSH_AUTH_SOCK\n")
        let report = try Tool.sceau.run(["key", "list", "--json", folder.path.string], in: place).json
        #expect(report["workspace"] == nil)
        #expect((report["ssh_agent"] as? [String: Any])?["available"] as? Bool == false)
    }

    @Test func `refuses a workspace that is none`() throws {
        let folder = try TemporaryFolder()
        #expect(try Tool.sceau.run(["key", "list", "--workspace", folder.path.string]).status != 0)
    }
}
