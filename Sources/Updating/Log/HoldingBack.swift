import FoundationEssentials
import Primitives
import Releases
import Signatures
import TUF
import TransparencyLog
import UpdatePlan

/// A release that is not installed yet though nothing else is against it.
package struct HeldRelease: Hashable, Sendable {
    package let release: ReleaseFacts
    package let waiting: Waiting

    /// Nil when that takes somebody, or nobody knows.
    package var until: Date? { waiting.until }
}

extension LogFollower {
    /// Proofs that are asked for in one run: as many releases as a channel keeps.
    private static let proofLimit = 16

    /// Which candidates have not been public for long enough, and until when. Asks for their proofs, each once: with it
    /// time counts from when witnesses saw the entry, without it from when this instance did.
    func holds(
        _ channel: Channel, _ check: LogCheck, _ mirror: any RepositoryMirror, _ memory: inout LogMemory
    ) throws -> [Version: Date] {
        // All that is logged is offered: what is not in the channel any more will not come back.
        let listed = Set(channel.releases.map(\.version.text))
        memory.seen = memory.seen.filter { $0.key.role == role && listed.contains($0.key.version) }
        var holds: [Version: Date] = [:]
        let lastLook = lastLook(check)
        for (place, facts) in try candidates(channel).enumerated() {
            let name = LogMemory.ReleaseName(role: role, version: facts.version.text)
            var seen = memory.seen[name] ?? LogMemory.SeenRelease(at: now, leaf: nil)
            let wait = TimeInterval(settings.holdBack.hours(facts.severity)) * 3600
            // Beyond the limit a release waits all the same: only by this instance's clock.
            if place < Self.proofLimit, seen.publicAt == nil, seen.at + wait > lastLook {
                seen.publicAt = publicAt(name, seen, check, mirror)
            }
            memory.seen[name] = seen
            if wait > 0, seen.since + wait > lastLook { holds[facts.version] = seen.since + wait }
        }
        return holds
    }

    /// Up to when a release has been public as far as this check can tell. Old files do not show that nobody objected
    /// since: of them counts the latest time at which a mirror could have offered them.
    private func lastLook(_ check: LogCheck) -> Date {
        guard freshness == .warned, let freshAt = check.cosignatures.freshAt else { return now }
        return min(now, freshAt + TimeInterval(settings.freshness) * 3600)
    }

    /// Without a good proof the release waits a little longer; that is no reason to refuse anything.
    private func publicAt(
        _ name: LogMemory.ReleaseName, _ seen: LogMemory.SeenRelease, _ check: LogCheck, _ mirror: any RepositoryMirror
    ) -> Date? {
        guard let leaf = seen.leaf, let content = check.state.ledger.release(name.role, name.version),
            let proof = try? mirror.fetchProof(of: content)
        else { return nil }
        return check.publicAt(leaf: leaf, proof: proof)
    }
}

extension LogMemory {
    /// Until when a release is held back as far as is known here; nil when it is not.
    func hold(_ facts: ReleaseFacts, of role: ByteString, _ rule: HoldBack, now: Date) -> Date? {
        guard let seen = seen[ReleaseName(role: role, version: facts.version.text)] else { return nil }
        let until = seen.since + TimeInterval(rule.hours(facts.severity)) * 3600
        return until > now ? until : nil
    }
}
