import ArgumentParser
import CanonicalJSON
import CommandSupport
import DurableStorage
import Primitives
import Publishing
import SecretKeys
import Signatures
import SystemPackage

/// `sceau key list [FOLDER]`
struct KeyList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the keys of the workspace, the key files of a folder and the keys that the ssh-agent holds.",
        discussion: "Asks for no passphrase, and works without an ssh-agent.")

    @Argument(help: "A folder with secret key files, NAME.key (default: the current folder).")
    var folder: FilePath = "."

    @Option(
        help: ArgumentHelp(
            "The association's workspace (default: the current folder, if it is one).", valueName: "folder"))
    var workspace: FilePath?

    @OptionGroup var json: JSONOption

    func run() throws {
        let inventory = try KeyInventory(
            workspace: keysOfWorkspace(), files: folder, agent: HeldKeys.ofThisProcess())
        try json.print(inventory.report, orText: inventory.text)
    }

    /// The folder `Keys/`; nil when no workspace was named and there is none here.
    private func keysOfWorkspace() throws -> FilePath? {
        let storage = DurableStorage()
        let place = Workspace(at: workspace ?? ".", storage: storage)
        if workspace == nil, try storage.info(place.policyFile) == nil { return nil }
        try place.check()
        return place.keys
    }
}

/// What the ssh-agent holds, or why we do not know.
struct HeldKeys {
    let identities: [SSHAgent.Identity]
    /// Nil when the agent answered.
    let problem: KeyFault?

    static func ofThisProcess() -> HeldKeys {
        do {
            return HeldKeys(identities: try SSHAgent.ofThisProcess().identities(), problem: nil)
        } catch {
            return HeldKeys(identities: [], problem: error)
        }
    }

    var usable: [SSHAgent.Identity] { identities.filter { $0.key.ed25519 != nil } }
    /// Keys of other types, with which nothing can be signed here.
    var otherCount: Int { identities.count - usable.count }

    /// Nil when there is no agent to ask.
    func holds(_ key: PublicKey) -> Bool? {
        problem == nil ? usable.contains { $0.key.ed25519 == key.material } : nil
    }
}

/// Everything that `key list` found.
struct KeyInventory {
    /// A file that should hold a key, and what it holds or why that cannot be said.
    struct Entry {
        let path: FilePath
        let content: Content
    }

    enum Content {
        case key(PublicKeyFile)
        case unreadable(any ReportableFault)
    }

    let workspace: [Entry]?
    let files: [Entry]
    let folder: FilePath
    let agent: HeldKeys

    init(workspace: FilePath?, files: FilePath, agent: HeldKeys) throws {
        self.workspace = try workspace.map { try Self.entries(in: $0, ending: PublicKeyFile.fileExtension) }
        self.files = try Self.entries(in: files, ending: KeyFile.fileExtension)
        folder = files
        self.agent = agent
    }

    private static func entries(in folder: FilePath, ending: String) throws -> [Entry] {
        let keys = KeyStorage(DurableStorage())
        let names = try DurableStorage().list(folder).filter { $0.hasSuffix(".\(ending)") && !$0.hasPrefix(".") }
        return try names.sorted().map { name in
            let path = folder.appending(name)
            do {
                return Entry(path: path, content: .key(try keys.loadPublicHalf(path)))
            } catch let fault as any ReportableFault {
                return Entry(path: path, content: .unreadable(fault))
            }
        }
    }

    /// Whose key this is, when the workspace or a file says so.
    func holder(of identity: SSHAgent.Identity) -> KeyName? {
        for entry in (workspace ?? []) + files {
            if case .key(let file) = entry.content, file.publicKey.material == identity.key.ed25519 {
                return file.name
            }
        }
        return nil
    }
}

// MARK: for people

extension KeyInventory {
    var text: [String] {
        var lines: [String] = []
        if let workspace {
            lines += workspace.isEmpty ? ["no keys in the workspace"] : ["in the workspace:"] + rows(workspace)
        }
        lines += files.isEmpty ? ["no key files in \(folder.string)"] : ["in \(folder.string):"] + rows(files)
        return lines + agentText
    }

    private func rows(_ entries: [Entry]) -> [String] {
        var table = TextTable()
        for entry in entries {
            let file = entry.path.lastComponent?.string ?? entry.path.string
            switch entry.content {
            case .key(let key):
                let isHeld = agent.holds(key.publicKey) == true
                table.append([
                    "\(key.name)", key.holding.rawValue, "key id \(key.publicKey.computedID.short)", file,
                    isHeld ? "the ssh-agent holds it" : "",
                ])
            case .unreadable(let fault): table.append([file, fault.message])
            }
        }
        return table.lines.map { "  " + $0 }
    }

    private var agentText: [String] {
        if let problem = agent.problem { return [problem.message] }
        var lines = agent.usable.isEmpty ? ["the ssh-agent holds no Ed25519 keys"] : ["in the ssh-agent:"]
        var table = TextTable()
        for identity in agent.usable {
            table.append([
                holder(of: identity).map { "\($0)" } ?? "-", identity.key.fingerprint, "\(identity.comment)",
            ])
        }
        lines += table.lines.map { "  " + $0 }
        if agent.otherCount > 0 { lines.append("  and \(agent.otherCount) of other types, which cannot sign releases") }
        return lines
    }
}

// MARK: for scripts

extension KeyInventory {
    var report: JSONObject {
        var report: JSONObject = [
            "files": .array(files.map { .object(self.report($0)) }), "ssh_agent": .object(agentReport),
        ]
        if let workspace { report["workspace"] = .array(workspace.map { .object(self.report($0)) }) }
        return report
    }

    private func report(_ entry: Entry) -> JSONObject {
        var report: JSONObject
        switch entry.content {
        case .key(let key):
            report = key.report
            report["person"] = .string(key.name.person)
            if let isHeld = agent.holds(key.publicKey) { report["in_ssh_agent"] = .bool(isHeld) }
        case .unreadable(let fault):
            report = ["error": .string(ByteString(fault.codeText)), "message": .string(ByteString(fault.message))]
        }
        report["file"] = .string(ByteString(entry.path.string))
        return report
    }

    private var agentReport: JSONObject {
        if let problem = agent.problem {
            return [
                "available": false, "error": .string(ByteString(problem.codeText)),
                "message": .string(ByteString(problem.message)),
            ]
        }
        let keys = agent.usable.map { identity -> JSONValue in
            var key: JSONObject = [
                "comment": .string(ByteString(String(decoding: identity.comment.bytes, as: UTF8.self))),
                "fingerprint": .string(ByteString(identity.key.fingerprint)),
            ]
            if let name = holder(of: identity) { key["name"] = .string(name.text) }
            return .object(key)
        }
        return ["available": true, "keys": .array(keys), "other_keys": .integer(Int64(agent.otherCount))]
    }
}
