import ArgumentParser
import Auditing
import CanonicalJSON
import CommandSupport
import DurableStorage
import Primitives
import Signatures
import SystemPackage
import TUF
import TransparencyLog

struct ProofCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "proof", abstract: "Check a proof that stands alone, without a network.",
        subcommands: [ProofVerify.self, ProofFork.self])
}

struct ProofVerify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Check that a file is in a log that enough witnesses saw.",
        discussion: """
            Exit status: 0 it is, 3 the proof does not show it. A new root is proved under \
            the policy of the root before it.
            """)

    @Argument(help: ArgumentHelp("The proof.", valueName: "file.tlog-proof"))
    var proof: FilePath

    @Option(
        help: ArgumentHelp(
            "What is said to be in the log: a metadata file or release.json as published, or a log entry, byte for byte.",
            valueName: "file"))
    var entry: FilePath

    @Option(
        help: ArgumentHelp("The policy to satisfy: its text, or a root that holds it.", valueName: "file"))
    var policy: FilePath

    @Option(help: "The role whose metadata it is, for a delegated role.")
    var role: String?

    @OptionGroup var json: JSONOption

    func run() throws {
        let storage = DurableStorage()
        let policy = try PolicyFile.load(self.policy, storage)
        let bytes = try storage.read(entry, limit: EntryBundle.entryLimit)
        let proof = try advising(
            "give the .tlog-proof file from log/proofs/ first, and what it proves with --entry", at: self.proof
        ) { try TlogProof(decoding: storage.read(self.proof, limit: TlogProof.byteLimit)) }
        let named = NamedEntry.of(bytes, role: role.map { ByteString($0) })
        let witnessed = try advising(advice(on: named, bytes), at: self.proof) {
            try proof.verify(named?.encoded ?? bytes, policy: policy)
        }
        let names = policy.witnesses.filter { witness in
            witnessed.cosignatures.contains { $0.key.publicKey == witness.key.publicKey }
        }.map(\.name)
        let what = named?.name ?? "these bytes"
        try json.print(
            [
                "entry": .string(ByteString(what)), "index": .integer(Int64(proof.index)),
                "origin": .string(policy.log.name), "size": .integer(Int64(witnessed.head.size)),
                "cosigned_by": .array(names.map(JSONValue.string)),
                "public_at": .string(ByteString(UTCTime.encode(witnessed.publicAt))),
                "fresh_at": .string(ByteString(UTCTime.encode(witnessed.freshAt))),
            ],
            orText: [
                "\(what) is entry \(proof.index) of \(policy.log.name), of \(witnessed.head.size) entries",
                "cosigned by \(names.map(\.description).joined(separator: ", ")); public at "
                    + "\(UTCTime.encode(witnessed.publicAt))",
            ])
    }

    /// What a person who holds a good proof has most likely done wrong.
    private func advice(on named: LogEntry?, _ bytes: [UInt8]) -> String {
        if named?.kind == .targets, role == nil {
            return "for the metadata of a delegated role add --role NAME; \(Self.place(bytes))"
        }
        return named?.kind == .root
            ? "a new root is proved under the policy of the root before it; \(Self.place(bytes))" : Self.place(bytes)
    }

    private static func place(_ bytes: [UInt8]) -> String {
        "the proof of this file is called \(Digest.sha256(of: bytes)).tlog-proof"
    }
}

/// A policy that somebody names, as text or in a root.
enum PolicyFile {
    static func load(_ path: FilePath, _ storage: DurableStorage) throws -> WitnessPolicy {
        let advice = "give a published root, or the text of its policy with the line of the log"
        return try advising(advice, at: path) {
            try NamedEntry.policy(in: storage.read(path, limit: MetadataLimits().rootLength))
        }
    }
}

/// Runs `body`; a fault of the log's formats says which file it is about, and what to do.
private func advising<Result>(_ hint: String, at path: FilePath, _ body: () throws -> Result) throws -> Result {
    do { return try body() } catch let fault as LogFault {
        let place = fault.location.map { "\($0), \(path)" } ?? path.string
        throw LogFault(fault.code, found: fault.found, expected: fault.expected, at: place, hint: fault.hint ?? hint)
    }
}

struct ProofFork: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fork", abstract: "Check the evidence that a log signed two trees of one size.",
        discussion: """
            The file stands alone. Exit status: 0 the log did, 3 the file does not prove \
            it. With --policy it also says who cosigned each tree.
            """)

    @Argument(help: "The evidence, as sceau-audit follow and witness write it.")
    var file: FilePath

    @Option(
        help: ArgumentHelp("A policy of this log: its text, or a root that holds it.", valueName: "file"))
    var policy: FilePath?

    @OptionGroup var json: JSONOption

    func run() throws {
        let storage = DurableStorage()
        let advice = "give a file from the folder evidence/ of a monitor, or the HASH.fork of a witness"
        let (evidence, fork) = try advising(advice, at: file) {
            let evidence = try ForkEvidence(decoding: storage.read(file, limit: ForkEvidence.byteLimit))
            return (evidence, try evidence.verify())
        }
        let policy = try policy.map { try PolicyFile.load($0, storage) }
        if let policy, policy.log != fork.log {
            throw LogFault(.otherOrigin, found: fork.log.description, expected: policy.log.description)
        }
        let trees = try zip(fork.roots, evidence.notes).map { root, note in
            Tree(root: root, cosignedBy: try policy.map { try Self.witnesses(of: note, $0) })
        }
        try json.print(
            [
                "log": .string(fork.log.vkey), "size": .integer(Int64(fork.size)),
                "trees": .array(trees.map { .object($0.json) }),
            ],
            orText: ["the log \(fork.log.vkey) signed two different trees of \(fork.size) entries:"]
                + trees.map(\.line))
    }

    private static func witnesses(of note: SignedNote, _ policy: WitnessPolicy) throws -> [ByteString] {
        let checkpoint = try VerifiedCheckpoint.verify(note, log: policy.log)
        let keys = try checkpoint.cosignatures(by: policy.witnesses.map(\.key)).map(\.key.publicKey)
        return policy.witnesses.filter { keys.contains($0.key.publicKey) }.map(\.name)
    }

    private struct Tree {
        let root: Digest
        /// Nil when nobody said who the witnesses are.
        let cosignedBy: [ByteString]?

        var line: String {
            guard let cosignedBy else { return "root \(root)" }
            let names = cosignedBy.isEmpty ? "nobody" : cosignedBy.map(\.description).joined(separator: ", ")
            return "root \(root), cosigned by \(names)"
        }

        var json: JSONObject {
            [
                "root_sha256": .string(ByteString(root.hex)),
                "cosigned_by": cosignedBy.map { .array($0.map(JSONValue.string)) } ?? .null,
            ]
        }
    }
}
