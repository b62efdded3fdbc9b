import FoundationEssentials
import Primitives
import Signatures
import TUF

/// Carries out the client workflow (TUF 5): asks for files in its order, none twice, hands their bytes to
/// `TrustedMetadataSet`, and stores what was verified, and nothing else. It decides nothing by itself.
///
/// One refresh for each value. Two at once over one store must exclude each other by a lock.
package struct MetadataUpdater {
    private let fetcher: any MetadataFetcher
    private let store: any MetadataStore
    private let limits: MetadataLimits
    private let fetched = FetchedFiles()
    package private(set) var trusted: TrustedMetadataSet

    /// Loads the trusted root. A stored root that does not verify counts as lost, and the pinned one takes its place:
    /// the chain of roots is then walked anew.
    ///
    /// - Parameters:
    ///   - pinnedRoot: the root this instance was set up with.
    ///   - referenceTime: the time of this whole refresh (TUF 5.1).
    ///   - freshness: whether timestamp and snapshot may have expired.
    /// - Throws: when the pinned root itself does not verify.
    package init(
        pinnedRoot: [UInt8], store: any MetadataStore, fetcher: any MetadataFetcher, referenceTime: Date,
        freshness: Freshness = .required, limits: MetadataLimits = MetadataLimits()
    ) throws {
        self.store = store
        self.fetcher = fetcher
        self.limits = limits
        func trust(_ root: [UInt8]) throws -> TrustedMetadataSet {
            try TrustedMetadataSet(
                trustedRoot: root, referenceTime: referenceTime, freshness: freshness, limits: limits)
        }
        let pinned = try trust(pinnedRoot)
        let stored = try store.loadMetadata(RoleName.root.fileName, limit: limits.rootLength)
            .flatMap { try? trust($0) }
        if let stored, stored.root.version >= pinned.root.version { trusted = stored } else { trusted = pinned }
    }

    /// Begins with `trustedRoot` whatever root is stored: for a store whose root is all there is to begin with.
    ///
    /// - Throws: when it does not verify.
    package init(
        trustedRoot: [UInt8], store: any MetadataStore, fetcher: any MetadataFetcher, referenceTime: Date,
        limits: MetadataLimits = MetadataLimits()
    ) throws {
        self.store = store
        self.fetcher = fetcher
        self.limits = limits
        trusted = try TrustedMetadataSet(trustedRoot: trustedRoot, referenceTime: referenceTime, limits: limits)
    }

    /// Brings root, timestamp, snapshot and targets up to date.
    package mutating func refresh() throws {
        try refreshRoot()
        try refreshTimestamp()
        try refreshSnapshot()
        try refreshTargets()
    }

    /// For messages: who was asked.
    private var place: String? { (fetcher as? any RepositoryMirror)?.name }

    /// A page for people in the place of metadata was given by no repository at all, be it a wrong address or a network's
    /// portal: nobody meant to deceive with it.
    private func checkText(_ bytes: [UInt8], _ name: String) throws {
        guard let first = bytes.first(where: { ![0x09, 0x0A, 0x0D, 0x20].contains($0) }), first == UInt8(ascii: "<")
        else { return }
        throw AgentFault(.noRepository, found: "a web page", expected: name, at: place)
    }

    // MARK: the top-level roles

    private mutating func refreshRoot() throws {
        for _ in 0..<limits.rootRotations {
            let name = RoleName.root.fileName(version: trusted.root.version + 1)
            guard case .bytes(let bytes) = try fetcher.fetchMetadata(name, limit: limits.rootLength, held: nil) else {
                return try trusted.checkRoot()
            }
            try checkText(bytes, name)
            let older = trusted.root.content
            try trusted.updateRoot(bytes)
            if TrustedMetadataSet.rotatesOnlineKeys(from: older, to: trusted.root.content) {
                // Before the root is stored: after a crash in between they are merely fetched again.
                try store.removeMetadata(RoleName.timestamp.fileName)
                try store.removeMetadata(RoleName.snapshot.fileName)
            }
            try store.saveMetadata(bytes, as: RoleName.root.fileName)
        }
        let name = RoleName.root.fileName(version: trusted.root.version + 1)
        guard case .bytes = try fetcher.fetchMetadata(name, limit: limits.rootLength, held: nil) else {
            return try trusted.checkRoot()
        }
        throw MetadataFault(.tooManyRoots, expected: "at most \(limits.rootRotations)")
    }

    private mutating func refreshTimestamp() throws {
        let fileName = RoleName.timestamp.fileName
        var held: Digest?
        if let local = try store.loadMetadata(fileName, limit: limits.timestampLength),
            (try? trusted.useLocalTimestamp(local)) != nil
        {
            held = Digest.sha256(of: local)
        }
        switch try fetcher.fetchMetadata(fileName, limit: limits.timestampLength, held: held) {
        case .bytes(let bytes):
            try checkText(bytes, fileName)
            let before = trusted.timestamp?.bytes
            try trusted.updateTimestamp(bytes)
            if trusted.timestamp?.bytes != before { try store.saveMetadata(bytes, as: fileName) }
        case .notModified where held != nil:
            try trusted.checkTimestamp()
        case .notModified, .absent:
            throw MetadataFault(.missing, expected: fileName, at: place)
        }
    }

    private mutating func refreshSnapshot() throws {
        let fileName = RoleName.snapshot.fileName
        if let local = try store.loadMetadata(fileName, limit: limits.snapshotLength),
            (try? trusted.useLocalSnapshot(local)) == true
        {
            return
        }
        guard let meta = trusted.timestamp?.content.snapshot else { throw MetadataFault(.misuse) }
        let bytes = try fetch(.snapshot, meta: meta)
        try trusted.updateSnapshot(bytes)
        try store.saveMetadata(bytes, as: fileName)
    }

    private mutating func refreshTargets() throws {
        let fileName = RoleName.targets.fileName
        if let local = try store.loadMetadata(fileName, limit: limits.targetsLength),
            (try? trusted.updateTargets(local)) != nil
        {
            return
        }
        let bytes = try fetch(.targets, meta: try trusted.metaFile(of: .targets))
        try trusted.updateTargets(bytes)
        try store.saveMetadata(bytes, as: fileName)
    }

    // MARK: delegations

    /// The metadata of `role` as `delegator` delegates to it: the stored copy if that still verifies, else a fetched one.
    ///
    /// A role reached through another delegator is verified anew by that one's keys. It is not fetched twice for that:
    /// the snapshot names one version of it, and that is the one at hand.
    package func delegated(_ role: RoleName, by delegator: Verified<Targets>) throws -> Verified<Targets> {
        if let bytes = fetched.files[role] {
            return try trusted.verifyDelegated(bytes, role: role, delegator: delegator)
        }
        if let local = try store.loadMetadata(role.fileName, limit: limits.targetsLength),
            let verified = try? trusted.verifyDelegated(local, role: role, delegator: delegator)
        {
            return verified
        }
        let bytes = try fetch(role, meta: try trusted.metaFile(of: role))
        fetched.files[role] = bytes
        let verified = try trusted.verifyDelegated(bytes, role: role, delegator: delegator)
        try store.saveMetadata(bytes, as: role.fileName)
        return verified
    }

    /// The target at `path`, searched through delegations (TUF 5.6.7); nil when nobody lists it. After `refresh`.
    package func target(at path: ByteString) throws -> TargetFile? {
        guard let top = trusted.targets else { throw MetadataFault(.misuse, expected: "a refresh first") }
        var walk = DelegationWalk(for: path, limits: limits)
        if let found = walk.search(top) { return found }
        while let visit = try walk.next() {
            if let found = walk.search(try delegated(visit.role, by: visit.delegator)) { return found }
        }
        return nil
    }

    private func fetch(_ role: RoleName, meta: MetaFile) throws -> [UInt8] {
        let limit = min(meta.facts.length ?? Int.max, limits.length(of: role))
        let name =
            trusted.root.content.consistentSnapshot ? role.fileName(version: meta.version) : role.fileName
        guard case .bytes(let bytes) = try fetcher.fetchMetadata(name, limit: limit, held: nil) else {
            throw MetadataFault(.missing, expected: name, at: place)
        }
        return bytes
    }
}

/// The files of delegated roles that were fetched in this run, verified or not.
private final class FetchedFiles {
    var files: [RoleName: [UInt8]] = [:]
}
