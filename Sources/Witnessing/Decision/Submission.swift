import Primitives
import Signatures
import TransparencyLog

/// A refusal of add-checkpoint (C2SP tlog-witness).
struct Refusal: Error, Hashable {
    let answer: WitnessAnswer

    init(_ answer: WitnessAnswer) {
        self.answer = answer
    }

    init(_ status: Int, _ words: String, retryAfter: Int? = nil) {
        answer = WitnessAnswer(status, words, retryAfter: retryAfter)
    }

    /// 409: the size that was cosigned last, from which a proof has to start.
    static func conflict(heldSize: Int) -> Refusal {
        Refusal(WitnessAnswer(409, content: .size, WitnessedSize.encode(heldSize)))
    }
}

/// What is asked of a witness, as far as it can be judged without knowing what was cosigned before.
struct Submission {
    let log: NoteKey
    let oldSize: Int
    let proof: ConsistencyProof
    /// Nil: a tree of no entries with a root that no such tree has. Judged last.
    let checkpoint: VerifiedCheckpoint?

    /// Throws a 404, 403 or 400, in this order: who is not known learns nothing else.
    init(decoding body: [UInt8], logs: [ByteString: NoteKey]) throws(Refusal) {
        guard body.count <= AddCheckpointRequest.byteLimit else {
            throw Refusal(400, "more than \(AddCheckpointRequest.byteLimit) bytes")
        }
        let note = try Self.note(in: body)
        let origin = ByteString(Array(note.text.prefix { $0 != UInt8(ascii: "\n") }))
        guard let log = logs[origin] else { throw Refusal(404, "unknown log") }
        self.log = log
        checkpoint = try Self.checkpoint(note, log)
        let request: AddCheckpointRequest
        do { request = try AddCheckpointRequest(decoding: body) } catch { throw Refusal(400, error.message) }
        oldSize = request.oldSize
        proof = ConsistencyProof(hashes: request.proof)
        guard oldSize <= checkpoint?.head.size ?? 0 else {
            throw Refusal(400, "the old size is larger than the checkpoint's")
        }
    }

    /// Everything after the first empty line.
    private static func note(in body: [UInt8]) throws(Refusal) -> SignedNote {
        let end = UInt8(ascii: "\n")
        let blank = body.indices.dropFirst().first { body[$0] == end && body[$0 - 1] == end }
        guard let blank else { throw Refusal(400, "no empty line between proof and checkpoint") }
        do { return try SignedNote(decoding: Array(body[(blank + 1)...])) } catch { throw Refusal(400, error.message) }
    }

    private static func checkpoint(_ note: SignedNote, _ log: NoteKey) throws(Refusal) -> VerifiedCheckpoint? {
        do { return try VerifiedCheckpoint.verify(note, log: log) } catch {
            guard isSigned(note, by: log) else { throw Refusal(403, "no valid signature by the key of this log") }
            guard error.code == .wrongRoot else { throw Refusal(400, error.message) }
            return nil
        }
    }

    /// Of a note whose text is no checkpoint: whether it is the log itself that says so.
    private static func isSigned(_ note: SignedNote, by log: NoteKey) -> Bool {
        let lines = note.signatures.filter { $0.isNamed(log) }
        return !lines.isEmpty
            && lines.allSatisfy {
                Ed25519.isValid(signature: $0.payload, for: note.text, publicKey: log.publicKey)
            }
    }
}
