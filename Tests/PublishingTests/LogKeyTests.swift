import DurableStorage
import Primitives
import Publishing
import Releases
import SecretKeys
import Settings
import Signatures
import SystemPackage
import TestSupport
import Testing

@Suite struct `The log key on the publishing machine` {
    private func write(_ key: SecretKey, in association: Association, as name: String) throws -> FilePath {
        let path = association.folder.path("\(name).key")
        try KeyStorage(DurableStorage()).create(
            KeyFile(unencrypted: key), at: path, publicAt: association.folder.path("\(name).pub"))
        return path
    }

    @Test func `is asked for until it has been named, and is then remembered outside git`() throws {
        let association = try Association()
        let workspace = association.workspace
        let unknown = #expect(throws: PublishingFault.self) { try workspace.loadLogKeyFile(named: nil) }
        #expect(unknown?.code == .noLogKey)
        #expect(unknown?.hint?.contains("--log-key") == true)

        let key = try Association.key("suite-log")
        let path = try write(key, in: association, as: "suite-log")
        #expect(try workspace.loadLogKeyFile(named: path).file.publicKey == key.publicKey)
        #expect(try association.folder.read("w/Keys/.log-key") == nil)
        try workspace.rememberLogKey(path)
        let found = try workspace.loadLogKeyFile(named: nil, for: key.publicKey.material)
        #expect(found.file.publicKey == key.publicKey)
        #expect(found.state == association.folder.path("suite-log.key.state"))
        let note = try #require(try association.folder.contents()["w/Keys/.log-key"])
        #expect(note.permissions == .privateFile)
        #expect(try association.folder.read("suite-log.key.state") == nil)
    }

    @Test func `is the one of the log that is meant, while the log moves from one key to another`() throws {
        let association = try Association()
        let workspace = association.workspace
        let (old, new) = (try Association.key("suite-log"), try Association.key("suite-log-2"))
        try workspace.rememberLogKey(write(old, in: association, as: "old"))
        try workspace.rememberLogKey(write(new, in: association, as: "new"))
        for key in [old, new] {
            #expect(try workspace.loadLogKeyFile(named: nil, for: key.publicKey.material).file.name == key.name)
        }
        #expect(try workspace.loadLogKeyFile(named: nil).file.name == new.name)
        let stranger = try Association.key("stranger").publicKey.material
        let fault = #expect(throws: PublishingFault.self) { try workspace.loadLogKeyFile(named: nil, for: stranger) }
        #expect(fault?.code == .wrongLogKey)
        let named = #expect(throws: PublishingFault.self) {
            try workspace.loadLogKeyFile(named: association.folder.path("old.key"), for: new.publicKey.material)
        }
        #expect(named?.code == .wrongLogKey)

        // The old one may be gone once the log has moved.
        try DurableStorage().remove(association.folder.path("old.key"))
        #expect(try workspace.loadLogKeyFile(named: nil, for: new.publicKey.material).file.name == new.name)
    }

    private static let fields = "witness_policy: witnesses.policy\nlog_key: suite-log\nlog_origin: example.org/log\n"

    private func policyText(_ fields: String) throws -> [UInt8] {
        let association = try Association()
        let text = try association.workspace.loadPolicy().text
        return Array(text.replacing("online_key: online\n", with: "online_key: online\n" + fields).utf8)
    }

    @Test func `stands in the policy with the log's name and its witnesses, and reads back as it was`() throws {
        let policy = try Policy.decode(policyText(Self.fields), at: "policy.yaml")
        let log = try #require(policy.log)
        #expect(log.witnessPolicy == "witnesses.policy")
        #expect(log.key == "suite-log")
        #expect(log.origin.text == "example.org/log")
        #expect(try Policy.decode(Array(policy.text.utf8), at: "policy.yaml") == policy)
    }

    @Test(arguments: [
        ("witness_policy: witnesses.policy\n", ""), ("log_key: suite-log\n", ""), ("log_origin: example.org/log\n", ""),
        ("witnesses.policy", "../witnesses.policy"), ("witnesses.policy", ".hidden.policy"),
        ("witnesses.policy", "policy.yaml"), ("suite-log", "Suite"), ("example.org/log", "example.org/a+b"),
        ("example.org/log", "example.org/log/"), ("example.org/log", "\"example.org /log\""),
        ("example.org/log", String(repeating: "a", count: 129)),
    ])
    func `is named with witnesses and origin together, each by a name that can be one`(from: String, to: String) throws
    {
        let fields = Self.fields.replacing(from, with: to)
        #expect(fields != Self.fields)
        let fault = #expect(throws: SettingsFault.self) { try Policy.decode(policyText(fields), at: "policy.yaml") }
        #expect(fault?.code == .invalid)
        #expect(fault?.message.contains("line ") == true, "\(fault?.message ?? "")")
    }

    @Test func `has an origin that no other log has, unless it is given one`() throws {
        let origin = LogOrigin(try ProductName("suite"), publicKey: [UInt8](repeating: 0, count: 32))
        #expect("\(origin)" == "sceau-log/suite/66687aadf862bd77")
        #expect(try LogOrigin(origin.text) == origin)
    }
}
