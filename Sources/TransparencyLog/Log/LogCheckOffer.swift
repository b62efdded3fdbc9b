import Primitives
import Signatures

/// One version of a metadata role, as trusted metadata offers it.
package struct OfferedVersion: Hashable, Sendable {
    package let role: ByteString
    package let version: Int
    /// Of the file; nil when the snapshot says no hash of it and it was not asked for.
    package let digest: Digest?

    package init(role: ByteString, version: Int, digest: Digest?) {
        self.role = role
        self.version = version
        self.digest = digest
    }
}

/// How what is offered compares with what is logged.
package enum OfferVerdict: Equatable, Sendable {
    /// What is logged newest is offered.
    case current
    /// The log has newer metadata. The fault says of which role: `log/publication-under-way`.
    case behind(LogFault)
    /// Something offered is not in the log: `log/unlogged`.
    case unlogged(LogFault)
}

extension LogLedger {
    /// Compares metadata of one role with what is logged newest. Every role offered has to be compared; one alone in the
    /// log has not, since no snapshot leads to it.
    ///
    /// Throws `log/second-content` when a version has another content in the log: whatever else may be excused, this not.
    package func compare(_ offer: OfferedVersion) throws(LogFault) -> OfferVerdict {
        let place = "\(offer.role) version \(offer.version)"
        if let logged = digest(offer.role, version: offer.version), let found = offer.digest, found != logged {
            throw LogFault(.secondContent, found: found.hex, expected: logged.hex, at: place)
        }
        let newest = newest(offer.role)?.version ?? 0
        if newest < offer.version {
            let found = newest == 0 ? "no version of it" : "version \(newest)"
            return .unlogged(LogFault(.unlogged, found: found, expected: place, at: "log"))
        }
        guard newest > offer.version else { return .current }
        return .behind(LogFault(.underWay, found: place, expected: "version \(newest), as logged"))
    }

    /// That this very `release.json` is logged. Gives back `log/unlogged` when the release is not in the log; throws
    /// `log/second-content` when it is there with another content.
    package func compare(release version: ByteString, of role: ByteString, _ digest: Digest?) throws(LogFault)
        -> OfferVerdict
    {
        let place = "release \(version) of \(role)"
        guard let logged = release(role, version) else {
            return .unlogged(LogFault(.unlogged, found: "no such release", expected: place, at: "log"))
        }
        guard logged == digest else {
            throw LogFault(
                .secondContent, found: digest?.hex ?? "no SHA-256", expected: logged.hex, at: place)
        }
        return .current
    }
}
