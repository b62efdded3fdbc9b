import CanonicalJSON
import Primitives
import Signatures

/// Why a monitor rings. Codes are stable: scripts and acknowledgements hold them.
package enum AlarmCode: String, FaultCode, CaseIterable {
    case cosignedNotServed = "follow/cosigned-not-served"
    case rolledBack = "follow/rolled-back"
    case badCheckpoint = "follow/bad-checkpoint"
    case badLog = "follow/bad-log"
    case badRelease = "follow/bad-release"
    case gap = "follow/gap"
    case repeated = "follow/repeated"
    case secondContent = "follow/second-content"
    case forked = "follow/forked"
    case inconsistent = "follow/inconsistent"
    case newLog = "follow/new-log"
    case noQuorum = "follow/no-quorum"
    case noHeartbeat = "follow/no-heartbeat"
    case badMetadata = "follow/bad-metadata"
    case rootNotPublic = "follow/root-not-public"
    case weakerPolicy = "follow/weaker-policy"
    case unlogged = "follow/unlogged"
    case notOffered = "follow/not-offered"
    case unavailable = "follow/unavailable"
    case mirrorDiffers = "follow/mirror-differs"
    case signedByYou = "follow/signed-by-you"

    package var family: FaultFamily { .refusal }

    package var summary: String {
        switch self {
        case .cosignedNotServed: "witnesses cosigned a log that is not to be had"
        case .rolledBack: "an older state of the log is shown than was shown before"
        case .badCheckpoint: "what stands in the checkpoint's place is none of this log"
        case .badLog: "the log holds something malformed"
        case .badRelease: "a logged release.json is not that of its entry"
        case .gap: "the log leaves out a version"
        case .repeated: "the log holds the same twice"
        case .secondContent: "one thing has two contents"
        case .forked: "the log signed two different trees of one size"
        case .inconsistent: "the log is no continuation of what it was"
        case .newLog: "root names another log than before"
        case .noQuorum: "too few witnesses cosigned the checkpoint"
        case .noHeartbeat: "the checkpoint has not been cosigned for long"
        case .badMetadata: "the metadata would be refused by every instance"
        case .rootNotPublic: "a new root was not public under the policy of the root before"
        case .weakerPolicy: "a new root asks for fewer or other witnesses"
        case .unlogged: "offered to instances, and not in the log"
        case .notOffered: "in the log, and not offered to instances"
        case .unavailable: "in the log, and not to be had"
        case .mirrorDiffers: "a mirror shows another log than the source"
        case .signedByYou: "something signed with your key was published"
        }
    }

    package var hint: String? {
        switch self {
        case .cosignedNotServed, .notOffered, .unavailable:
            "somebody may have been given what the public is not: ask the publisher for it, and tell other auditors"
        case .rolledBack: "it may be an old cache; if it stays, ask the publisher, and compare from another place"
        case .badCheckpoint, .badLog, .gap, .repeated:
            "instances refuse this log from here on; keep a copy of it and ask the publisher"
        case .badRelease: "no instance installs it by that name; keep a copy, and ask every keyholder what it is"
        case .secondContent: "keep a copy of both, and publish them: two contents under one name are a deception"
        case .forked:
            "publish the evidence; anybody can check it with: sceau-audit proof fork FILE; stop trusting new releases"
        case .inconsistent: "publish both checkpoints, and stop trusting new releases until it is explained"
        case .newLog:
            "look for a notice in the old log (log/former/), ask the keyholders, and acknowledge it when they confirm"
        case .noQuorum: "instances refuse it; the publisher or the witnesses may be in trouble: ask them"
        case .noHeartbeat: "instances refuse it after 72 hours; the publisher may be in trouble: ask how they are"
        case .badMetadata: "keep a copy of the file and ask the publisher"
        case .rootNotPublic:
            "instances refuse it; keep a copy of the root and ask every keyholder whether they signed it"
        case .weakerPolicy: "ask every keyholder, now, why; afterwards it can no longer be held up"
        case .unlogged: "instances refuse it; keep a copy and ask every keyholder whether they signed it"
        case .mirrorDiffers: "compare both, keep copies, and ask the mirror's owner"
        case .signedByYou:
            "did you sign this? If so, acknowledge it; if not, your key is in other hands: tell the other keyholders"
        }
    }

    /// Whether a publication under way can look like this for a moment, so that a second look has to see it too.
    var mayPass: Bool {
        switch self {
        case .cosignedNotServed, .rolledBack, .badMetadata, .rootNotPublic, .unlogged, .notOffered, .unavailable,
            .mirrorDiffers, .badCheckpoint, .noQuorum:
            true
        default: false
        }
    }

    /// Whether it stays an alarm when it can no longer be seen, until somebody acknowledges it.
    var stays: Bool {
        switch self {
        // An entry is read once.
        case .forked, .inconsistent, .secondContent, .badRelease, .newLog, .signedByYou: true
        default: false
        }
    }
}

/// One alarm: what, where, what we hold, what to do.
package struct Alarm: Hashable, Sendable {
    /// `CODE/what it is about`: the same each time the same thing is seen. What is acknowledged.
    package let id: String
    package let code: AlarmCode
    package let message: String
    package let hint: String
    /// Files in the folder `evidence` of the state.
    package internal(set) var evidence: [String] = []

    init(_ fault: Fault<AlarmCode>, about subject: String) {
        code = fault.code
        let words = subject.escapingUnprintable().map { $0 == " " ? "-" : $0 }
        let whole = "\(fault.codeText.dropFirst("follow/".count))/\(String(words))"
        // Cut off, two long subjects could be one.
        id = whole.count <= 300 ? whole : "\(whole.prefix(230))-\(Digest.sha256(of: Array(whole.utf8)))"
        message = fault.message
        hint = fault.hint ?? ""
    }

    init(
        _ code: AlarmCode, about subject: String, found: String? = nil, expected: String? = nil, at location: String
    ) {
        self.init(Fault(code, found: found, expected: expected, at: location), about: subject)
    }

    package var json: JSONObject {
        [
            "id": .string(ByteString(id)), "code": .string(ByteString(code.rawValue)),
            "message": .string(ByteString(message)), "hint": .string(ByteString(hint)),
            "evidence": .array(evidence.map { .string(ByteString($0)) }),
        ]
    }

    /// As `json` has it; nil for anything else.
    init?(_ json: JSONValue) {
        let reader = JSONReader(json, at: "alarm")
        do {
            guard let code = AlarmCode(rawValue: try reader.field("code").string().description) else { return nil }
            self.code = code
            id = try reader.field("id").string().description
            message = try reader.field("message").string().description
            hint = try reader.field("hint").string().description
            for file in try reader.field("evidence").array() { evidence.append(try file.string().description) }
        } catch {
            return nil
        }
    }
}
