import FoundationEssentials
import Primitives
import TransparencyLog
import Transport

/// The exchange with one witness: what to send, what its answers mean.
struct WitnessQuestion {
    /// Bytes of an answer: signature lines, or words of a refusal.
    private static let answerLimit = 64 << 10
    /// Seconds by which a witness's clock may differ from ours.
    private static let clockTolerance: TimeInterval = 86_400
    /// Bytes of a refusal that are shown to people.
    private static let wordsLimit = 300

    private let witness: WitnessToAsk
    private let request: WitnessRoundRequest
    /// With the log's own signature only: what earlier rounds brought would only be in the way.
    private let checkpoint: VerifiedCheckpoint
    private var key: NoteKey?
    private var oldSize: Int
    private var hasCorrectedSize = false
    private var outcome = WitnessOutcome.unreachable(reason: "no answer in time")
    /// What we know of the tree it holds.
    private var size: Int?

    init(_ witness: WitnessToAsk, _ request: WitnessRoundRequest) throws {
        self.witness = witness
        self.request = request
        let (note, log) = (request.checkpoint.note, request.checkpoint.log)
        let own = try SignedNote(text: note.text, signatures: note.signatures.filter { $0.isNamed(log) })
        checkpoint = try VerifiedCheckpoint.verify(own, log: log)
        size = request.knownSizes[witness.vkey]
        let guess = size ?? 0
        // A size beyond ours is nothing we could make a proof from: the witness will say whether it is so.
        oldSize = 0...checkpoint.head.size ~= guess ? guess : 0
    }

    var report: WitnessReport { WitnessReport(witness: witness, outcome: outcome, size: size) }

    /// The key of a witness that cosigned.
    var agreed: [UInt8]? {
        if case .cosigned = outcome { key?.publicKey } else { nil }
    }

    /// What to send first; nil when this witness cannot be asked.
    mutating func begin() throws -> HTTPPost? {
        do throws(LogFault) {
            let key = try NoteKey(vkey: witness.vkey)
            guard key.kind == .witness else { throw LogFault(.malformedKey, expected: "the key of a witness") }
            self.key = key
        } catch {
            outcome = .unusable(reason: "its key cannot be used: \(error.message)")
            return nil
        }
        guard !witness.url.isEmpty else {
            outcome = .unreachable(reason: "the policy names no address")
            return nil
        }
        return try post()
    }

    /// Takes an answer. Returns what to send next, if there is something to say.
    mutating func take(_ answer: Result<HTTPAnswer, TransportFault>) throws -> HTTPPost? {
        switch answer {
        case .failure(let fault):
            // Where it was asked is in the policy, and how curl puts it helps nobody.
            let reason = fault.code.summary
            outcome = fault.code == .tooLong ? .unusable(reason: reason) : .unreachable(reason: reason)
        case .success(let answer):
            switch answer.status {
            case 200: outcome = cosigned(answer.body)
            case 409: return try correctSize(answer.body)
            case 422 where oldSize > 0:
                // The proof is right, by our own tiles. It does not lead from the tree that the witness holds.
                outcome = .knowsOtherTree(size: oldSize)
            default: outcome = .refused(status: answer.status, words: Self.words(answer.body))
            }
        }
        return nil
    }

    private mutating func correctSize(_ body: [UInt8]) throws -> HTTPPost? {
        guard let held = try? WitnessedSize.decode(body) else {
            outcome = .unusable(reason: "it says that it holds another tree, and not which")
            return nil
        }
        size = held
        guard held <= checkpoint.head.size else {
            outcome = .knowsLargerTree(size: held)
            return nil
        }
        // Once: somebody else may be at work with this log, or the witness says anything.
        guard !hasCorrectedSize, held != oldSize else {
            outcome = .unusable(reason: "it holds a tree of \(held), and would not take a proof from there")
            return nil
        }
        (hasCorrectedSize, oldSize) = (true, held)
        return try post()
    }

    private mutating func cosigned(_ body: [UInt8]) -> WitnessOutcome {
        guard let key, let lines = try? NoteSignature.decode(lines: body) else {
            return .unusable(reason: "it answers something other than signatures")
        }
        do {
            let cosigned = try checkpoint.adding(lines, by: [key])
            guard let cosignature = try cosigned.cosignatures(by: [key]).first else {
                return .unusable(reason: "it answers without a signature by its key")
            }
            size = checkpoint.head.size
            let time = Date(timeIntervalSince1970: Double(cosignature.time))
            if let now = request.now, abs(time.timeIntervalSince(now)) > Self.clockTolerance {
                return .unusable(reason: "its clock is wrong, or ours: it signs as of \(UTCTime.encode(time))")
            }
            return .cosigned(line: cosignature.line, time: cosignature.time)
        } catch {
            return .unusable(reason: "its signature does not hold")
        }
    }

    private func post() throws -> HTTPPost {
        let isGrowth = oldSize > 0 && oldSize < checkpoint.head.size
        let body = AddCheckpointRequest(
            oldSize: oldSize, proof: isGrowth ? try request.proof(oldSize).hashes : [], note: checkpoint.note)
        let base = String(decoding: witness.url.bytes, as: UTF8.self)
        return HTTPPost(
            url: base + (base.hasSuffix("/") ? "" : "/") + "add-checkpoint", body: body.encoded,
            limit: Self.answerLimit)
    }

    private static func words(_ body: [UInt8]) -> ByteString {
        let line = body.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        return ByteString(Array(line.prefix(wordsLimit)))
    }
}
