import ArgumentParser
import CommandSupport
import Primitives
import SecretKeys
import Signatures
import TransparencyLog

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Verify a checkpoint with cosignatures, decoding included, again and again.")

    @Option(help: "Witnesses that cosigned it.")
    var witnesses = 3

    @Option(help: "How often.")
    var rounds = 2000

    func run() throws {
        let log = try key("log", .log)
        let head = try TreeHead(size: 1_000_000, root: MerkleHash.leaf([]))
        let text = Checkpoint(log: log.note, head: head).text
        let keys = try (0..<witnesses).map { try key("witness-\($0)", .witness) }
        let lines = try keys.map { key in
            try NoteSignature(
                signature: key.secret.sign(Cosignature.message(text, time: 1_893_456_000)), of: text,
                time: 1_893_456_000, by: key.note)
        }
        let signed = try NoteSignature(signature: log.secret.sign(text), of: text, by: log.note)
        let note = try SignedNote(text: text, signatures: [signed] + lines).encoded
        let notes = keys.map(\.note)
        var verified = 0
        let times = try Stopwatch.run(rounds) {
            verified += try VerifiedCheckpoint.verify(note, log: log.note).cosignatures(by: notes).count
        }
        guard verified == times.count * witnesses else { throw ExitCode.failure }
        // The log's own signature is one more.
        let each = Stopwatch.median(times) / Double(witnesses + 1)
        print(#"{"microseconds_per_signature":\#(each),"note_bytes":\#(note.count)}"#)
    }

    private func key(_ name: String, _ kind: NoteKey.Kind) throws -> (secret: SecretKey, note: NoteKey) {
        let secret = try SecretKey.generate(name: KeyName(ByteString(name)))
        let name = ByteString("bench.example/\(name)")
        return (secret, try NoteKey(name: name, kind: kind, publicKey: secret.publicKey.material))
    }
}
