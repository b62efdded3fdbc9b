import Primitives
import Signatures
import SystemPackage
import TUF
import TransparencyLog

// What an administrator may decide when the log cannot vouch for what is offered: witnesses are gone, or the log is.

extension RefreshedMetadata {
    /// Names exactly this root and this snapshot, and with them every release they lead to. Two people compare it by
    /// telephone, one of whom knows what was published.
    ///
    /// Nil when the snapshot does not state the SHA-256 of each file it means: it would lead to others as well.
    var fingerprint: Digest? {
        guard let snapshot = trusted.snapshot, snapshot.content.meta.values.allSatisfy({ $0.facts.sha256 != nil })
        else { return nil }
        return Fingerprint.offer(root: rootDigest, snapshot: .sha256(of: snapshot.bytes))
    }
}

extension LogFault {
    /// Nobody is proved to lie: too few say that this is public, or too long ago, or nobody can be asked. What is proved
    /// cannot be excused, and signatures of keyholders never can.
    var isExcusable: Bool {
        switch code {
        case .noQuorum, .belowFloor, .stale, .unlogged, .unreachable: true
        default: false
        }
    }

    /// The same where the log was proved to contradict itself before: taking the log away does not hide that. A fork, for
    /// whoever tries to accept it all the same.
    func afterFork(_ evidence: FilePath, _ isTried: Bool) -> LogFault {
        let hint =
            "this log has contradicted itself: evidence in \(evidence); show that to others, and when it is explained "
            + "move it away"
        guard isTried else { return LogFault(code, found: found, expected: expected, at: location, hint: hint) }
        return LogFault(.fork, found: message, at: "evidence in \(evidence)", hint: hint)
    }

    /// The same, with what to compare before accepting it.
    func naming(_ fingerprint: Digest) -> LogFault {
        // The one case that looks just like an attack is not one to wait out.
        let first =
            code == .unlogged
            ? "somebody may be offering this instance what nobody else can see: tell the publisher; if they know of it"
            : "wait, and run this again; if it is urgent"
        return LogFault(
            code, found: found, expected: expected, at: location,
            hint:
                "\(first), and the publisher tells you the same fingerprint by telephone, "
                + "run sceau-agent update --accept-unwitnessed FINGERPRINT; it is \(fingerprint.hex), in words "
                + Fingerprint.words(fingerprint).joined(separator: "-"))
    }
}
