import Primitives
import Signatures
import TUF
import TransparencyLog

// What an administrator may decide when the log cannot vouch for what is offered: witnesses are gone, or the log is.

extension RefreshedMetadata {
    /// Names exactly this root and this snapshot, and with them every release they lead to. Two people compare it by
    /// telephone, one of whom knows what was published.
    var fingerprint: Digest? {
        guard let snapshot = trusted.snapshot?.bytes else { return nil }
        let (root, snapshotDigest) = (Digest.sha256(of: trusted.root.bytes), Digest.sha256(of: snapshot))
        return .sha256(of: Array("sceau-unwitnessed/1\n\(root.hex)\n\(snapshotDigest.hex)\n".utf8))
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
