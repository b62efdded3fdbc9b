import DurableStorage
import FoundationEssentials
import Primitives
import Signatures
import SystemPackage
import TUF

extension PublishedMetadata {
    /// Throws unless all that was read follows from `anchor`: each root from the one before, everything else from the
    /// newest, by the checks of every client. Not whether it has expired: that is no reason to believe it less.
    ///
    /// Whoever tampers with `Releases/` in a shared folder could otherwise choose what a review compares with.
    func verify(anchor: [UInt8]) throws(MetadataFault) {
        guard let timestamp, let snapshot, let targets else {
            throw MetadataFault(.missing, expected: "timestamp.json")
        }
        guard roots.first?.bytes == anchor else {
            throw MetadataFault(.wrongHash, found: "another first root", expected: "Keys/root.json")
        }
        var trusted = try TrustedMetadataSet(trustedRoot: anchor, referenceTime: .distantPast)
        for root in roots.dropFirst() { try trusted.updateRoot(root.bytes) }
        try trusted.updateTimestamp(timestamp.bytes)
        try trusted.updateSnapshot(snapshot.bytes)
        try trusted.updateTargets(targets.bytes)
        guard let top = trusted.targets else { throw MetadataFault(.misuse) }
        let reached = try verifyDelegated(below: top, trusted)
        // A role that nobody delegates to any more is known by the snapshot alone.
        for (role, metadata) in delegated where !reached.contains(role) {
            try trusted.metaFile(of: role).facts.check(metadata.bytes, at: "\(role)")
        }
    }

    /// Every role that `top` leads to, in the eyes of each of its delegators.
    private func verifyDelegated(
        below top: Verified<Targets>, _ trusted: TrustedMetadataSet
    ) throws(MetadataFault) -> Set<RoleName> {
        let names = delegated.keys.sorted()
        var reached: Set<RoleName> = []
        var pending = [top]
        while let delegator = pending.popLast() {
            for role in delegator.content.delegations?.names(among: names) ?? [] {
                guard let metadata = delegated[role] else { continue }
                let verified = try trusted.verifyDelegated(metadata.bytes, role: role, delegator: delegator)
                if reached.insert(role).inserted { pending.append(verified) }
            }
        }
        return reached
    }
}

extension Workspace {
    /// What is published, once it has proved to follow from `Keys/root.json`; empty before the first publication.
    ///
    /// Throws `.untrustedPublication`, and `.interrupted` while a publication is half done, when it cannot be told.
    package func loadPublished() throws -> PublishedMetadata {
        try checkNothingInterrupted()
        let published = try PublishedMetadata.load(self)
        let anchor = try storage.readIfPresent(anchor, limit: MetadataLimits().rootLength)
        guard !published.isEmpty else {
            guard anchor == nil else {
                throw PublishingFault(
                    .untrustedPublication, found: "a trust anchor", expected: "metadata in Releases/",
                    at: liveMetadata.string)
            }
            return published
        }
        guard let anchor else {
            throw PublishingFault(
                .untrustedPublication, found: "published metadata", expected: "the root that all follows from",
                at: self.anchor.string)
        }
        do { try published.verify(anchor: anchor) } catch {
            throw PublishingFault(
                .untrustedPublication, found: "[\(error.codeText)] \(error.message)", at: releases.string)
        }
        return published
    }
}
