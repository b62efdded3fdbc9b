import FoundationEssentials
import Primitives
import Signatures
import TransparencyLog

/// What an instance remembers besides the log itself, as further lines of its `LogState`.
///
///     time <when a quorum of witnesses signed last>
///     policy <in force until> <text, base 64>
///     root <sha256 of the root that was trusted when this was written>
///     ahead <when the log was first found ahead of what is offered>
///     seen <role> <version> <since when it is logged, by this instance's clock> <leaf hash or -> <public since, or ->
struct LogMemory: Hashable {
    struct SeenRelease: Hashable {
        /// When this instance first saw it logged.
        let at: Date
        /// Hash of its entry, by which its proof is checked; nil when the entry was read for another channel.
        let leaf: Digest?
        /// Since when it has been public, by its proof.
        var publicAt: Date?

        /// Since when it is known to have been public.
        var since: Date { min(at, publicAt ?? at) }
    }

    struct ReleaseName: Hashable {
        let role: ByteString
        let version: ByteString
    }

    /// When a quorum signed last: it cannot be earlier than that.
    var latestTime: Date?
    /// Policies of earlier roots that may still be in force, each with its end.
    var older: [PolicyInForce] = []
    var aheadSince: Date?
    /// The newest root that came here by its proofs, or by the administrator's word. Any other root that is stored came
    /// in without the log: while none was asked for, or before this file was set back.
    var root: Digest?
    var seen: [ReleaseName: SeenRelease] = [:]

    init() {}

    /// Nil when a line cannot be read: then the whole state counts as damaged.
    init?(_ lines: [LogState.Line]) {
        for line in lines {
            let words = line.value.bytes.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
                .map { ByteString(Array($0)) }
            guard add(line.name, words) else { return nil }
        }
    }

    private mutating func add(_ name: ByteString, _ words: [ByteString]) -> Bool {
        switch (name, words.count) {
        case ("time", 1):
            latestTime = UTCTime.decode(words[0])
            return latestTime != nil
        case ("ahead", 1):
            aheadSince = UTCTime.decode(words[0])
            return aheadSince != nil
        case ("root", 1):
            root = Digest(hex: words[0])
            return root != nil
        case ("policy", 2):
            guard let until = UTCTime.decode(words[0]), let text = Base64.decode(words[1].bytes),
                let policy = try? WitnessPolicy(decoding: ByteString(text))
            else { return false }
            older.append(PolicyInForce(policy, until: until))
            return true
        case ("seen", 5):
            guard let at = UTCTime.decode(words[2]) else { return false }
            seen[ReleaseName(role: words[0], version: words[1])] = SeenRelease(
                at: at, leaf: Digest(hex: words[3]), publicAt: UTCTime.decode(words[4]))
            return true
        default: return false
        }
    }

    /// Throws when a policy is too long to be written down.
    func lines() throws(LogFault) -> [LogState.Line] {
        var lines: [LogState.Line] = []
        func add(_ name: ByteString, _ words: [String]) throws(LogFault) {
            lines.append(try LogState.Line(name: name, value: ByteString(words.joined(separator: " "))))
        }
        if let latestTime { try add("time", [UTCTime.encode(latestTime)]) }
        for policy in older {
            try add("policy", [UTCTime.encode(policy.until), Base64.encode(policy.policy.text.bytes)])
        }
        if let root { try add("root", [root.hex]) }
        if let aheadSince { try add("ahead", [UTCTime.encode(aheadSince)]) }
        let inOrder = seen.sorted { ($0.key.role, $0.key.version) < ($1.key.role, $1.key.version) }
        for (name, release) in inOrder {
            let publicAt = release.publicAt.map(UTCTime.encode) ?? "-"
            try add(
                "seen",
                ["\(name.role)", "\(name.version)", UTCTime.encode(release.at), release.leaf?.hex ?? "-", publicAt])
        }
        return lines
    }
}
