import DurableStorage
import Foundation
import Primitives
import Publishing
import Releases
import SecretKeys
import Signatures
import SystemPackage
import TUF
import TestSupport
import Testing
import TransparencyLog

/// Texts of witness policies by made-up witnesses.
enum Witnesses {
    static func vkey(_ name: String) -> ByteString {
        TestKey("witness \(name)").vkey(ByteString("\(name).example/w"), .witness)
    }

    static func line(_ name: String, url: String? = nil) -> String {
        "witness \(name) \(vkey(name)) \(url ?? "https://\(name).example/witness")\n"
    }

    /// `count` of these must cosign.
    static func text(_ count: Int, of names: String...) -> ByteString {
        let lines = names.map { line($0) }.joined()
        return ByteString(lines + "group enough \(count) \(names.joined(separator: " "))\nquorum enough\n")
    }

    static let two = text(2, of: "north", "east", "south")
    static let three = text(3, of: "north", "east", "south", "west")
}

/// Witnesses that are at home whatever they are asked, and cosign at `time`.
struct WillingWitnesses: WitnessRound {
    let time: Date
    /// By the beginning of the key's name; those of `Witnesses`, unless others are given.
    var keys: (ByteString) -> TestKey = { name in
        TestKey("witness " + (name.description.split(separator: ".").first.map(String.init) ?? ""))
    }

    func ask(_ request: WitnessRoundRequest) throws -> WitnessRoundResult {
        let text = request.checkpoint.note.text
        let reports = try request.witnesses.map { witness in
            let key = try NoteKey(vkey: witness.vkey)
            let lines = try NoteSignature.decode(lines: keys(key.name).cosignatureLine(key.name, over: text, at: time))
            let line = try #require(lines.first)
            return WitnessReport(
                witness: witness, outcome: .cosigned(line: line, time: Int(time.timeIntervalSince1970)),
                size: request.checkpoint.head.size)
        }
        return WitnessRoundResult(reports: reports, isEnough: true)
    }
}

extension Association {
    /// As `publish`, through the log, with the key that is remembered.
    func publishWatched(by witnesses: WillingWitnesses? = nil) throws {
        let publication = try Publication(workspace: workspace, now: now)
        let ports = LogPorts(witnesses: witnesses ?? WillingWitnesses(time: now)) { publicKey in
            let file = try workspace.loadLogKeyFile(named: nil, for: publicKey)
            return (file, try file.file.secretKey(passphrase: nil))
        }
        let staging = try publication.checkStaging()
        try publication.complete(publication.prepare(staging, signer: key(online), log: ports), log: ports)
    }

    func releaseWatched(_ version: String) throws {
        try add(version)
        try sign("alice", "bob")
        try publishWatched()
    }

    /// 1.0 is live, with a log of three witnesses in root 1.
    static let watched = Result {
        let association = try Association(watchedBy: Witnesses.two)
        try association.releaseWatched("1.0")
        return association
    }

    static func watchedCopy() throws -> Association {
        let copy = try watched.get().copied(to: TemporaryFolder(in: TemporaryFolder.inMemory))
        // The log of a copy is another: no two may be written with one state.
        try DurableStorage().write(
            Array("\(copy.folder.path("suite-log.key").string)\n".utf8), to: copy.workspace.logKeyNote)
        return copy
    }

    /// After `init` with a log; nothing is signed.
    init(watchedBy witnesses: ByteString, origin: String? = "example.org/log") throws {
        let folder = try TemporaryFolder(in: TemporaryFolder.inMemory)
        let names = Self.keyholderNames + ["online"]
        self.init(
            folder: folder, keys: try Dictionary(uniqueKeysWithValues: names.map { ($0, try Self.key($0)) }))
        try initialisation(watchedBy: witnesses, origin: origin).run(now: now)
    }

    func initialisation(
        watchedBy witnesses: ByteString, origin: String? = nil, logKey: NewLogKey? = nil
    ) throws -> WorkspaceInitialisation {
        let product = try ProductName("suite")
        return try WorkspaceInitialisation(
            workspace: workspace, product: product, channels: [ChannelName("stable")],
            keyholders: Self.keyholderNames.map { try publicFile($0) }, threshold: 2, onlineKey: publicFile("online"),
            onlineKeyPath: folder.path("online.key"),
            log: NewLog(
                key: logKey ?? newLogKey(), origin: origin.map { try LogOrigin(ByteString($0)) }, product: product,
                witnesses: witnesses))
    }

    /// A key that is still to be written.
    func newLogKey(_ name: String = "suite-log") throws -> NewLogKey {
        NewLogKey(KeyFile(unencrypted: try Self.key(name)), at: folder.path("\(name).key"))
    }

    /// The policy of the staged root, or else of the published one.
    func witnessPolicy() throws -> WitnessPolicy? { try Staging.load(workspace).root?.readWitnessPolicy() }

    func proposeWatched(_ witnesses: ByteString) throws -> RootProposal.Result {
        try propose { $0.witnesses = witnesses }
    }
}
