import FoundationEssentials
import Primitives
import Signatures

/// What a client trusts during one refresh, and the checks by which it comes to trust more: the client workflow of the
/// TUF specification (section 5) on bytes, with one fixed reference time (5.1). No file, no network, no clock.
///
/// The order is root, timestamp, snapshot, targets, delegated targets. A method that throws leaves the set as it was.
/// What comes from this machine's own store goes through the `useLocal…` methods: it serves as a base for rollback
/// checks even when it has expired, and is current only if it passes every check that a downloaded one must.
package struct TrustedMetadataSet: Sendable {
    package let referenceTime: Date
    package let freshness: Freshness
    package let limits: MetadataLimits
    package private(set) var root: Verified<Root>
    package private(set) var timestamp: Verified<Timestamp>?
    package private(set) var snapshot: Verified<Snapshot>?
    package private(set) var targets: Verified<Targets>?

    /// Begins with a root trusted beforehand (5.2). It may have expired, but must bear its own threshold of signatures.
    package init(
        trustedRoot bytes: [UInt8], referenceTime: Date, freshness: Freshness = .required,
        limits: MetadataLimits = MetadataLimits()
    ) throws(MetadataFault) {
        let candidate = try UnverifiedMetadata<Root>(decoding: bytes, role: .root, limits: limits)
        root = try candidate.content.signers(of: .root).verify(candidate)
        self.referenceTime = referenceTime
        self.freshness = freshness
        self.limits = limits
    }

    // MARK: root (5.3)

    /// The next root: version N+1 exactly, signed by the trusted root's threshold and by its own. An expired one is fine
    /// on the way; `checkRoot` asks at the end.
    package mutating func updateRoot(_ bytes: [UInt8]) throws(MetadataFault) {
        guard timestamp == nil else { throw MetadataFault(.misuse, found: "root after timestamp") }
        let candidate = try UnverifiedMetadata<Root>(decoding: bytes, role: .root, limits: limits)
        // 5.3.4: by the old root and by the new
        _ = try root.content.signers(of: .root).verify(candidate)
        let verified = try candidate.content.signers(of: .root).verify(candidate)
        // 5.3.5
        try Self.checkVersion(verified, is: root.version + 1)
        root = verified
    }

    /// 5.3.10: the newest root must not have expired.
    package func checkRoot() throws(MetadataFault) {
        try checkExpiry(root)
    }

    /// 5.3.11: whether `newer` takes away a key of timestamp or snapshot that `older` had. Then what those roles signed
    /// before must be forgotten, or a thief of the old key could have fixed the version at its maximum for ever. A key whose
    /// name or other notes changed is the same key.
    package static func rotatesOnlineKeys(from older: Root, to newer: Root) -> Bool {
        [RoleName.timestamp, .snapshot].contains { role in
            let before = older.roles[role]?.keyIDs ?? []
            let after = Set(newer.roles[role]?.keyIDs ?? [])
            return !before.allSatisfy { after.contains($0) && older.keys[$0]?.identity == newer.keys[$0]?.identity }
        }
    }

    // MARK: timestamp (5.4)

    /// Takes the stored timestamp as base for rollback checks. Throws if it is not signed as the root of today wants.
    package mutating func useLocalTimestamp(_ bytes: [UInt8]) throws(MetadataFault) {
        try checkRoot()
        timestamp = try root.content.signers(of: .timestamp).verify(
            UnverifiedMetadata(decoding: bytes, role: .timestamp, limits: limits))
    }

    /// A downloaded timestamp. An equal version changes nothing (5.4.3.1); the one that is kept must not have expired.
    package mutating func updateTimestamp(_ bytes: [UInt8]) throws(MetadataFault) {
        guard snapshot == nil else { throw MetadataFault(.misuse, found: "timestamp after snapshot") }
        try checkRoot()
        let candidate = try root.content.signers(of: .timestamp).verify(
            UnverifiedMetadata<Timestamp>(decoding: bytes, role: .timestamp, limits: limits))
        if let trusted = timestamp {
            // 5.4.3.1; what else one of an equal version says does not matter
            if candidate.version == trusted.version { return try checkTimestamp() }
            try Self.checkNoRollback("timestamp", found: candidate.version, trusted: trusted.version)
            // 5.4.3.2
            try Self.checkNoRollback(
                "snapshot in timestamp", found: candidate.content.snapshot.version,
                trusted: trusted.content.snapshot.version)
        }
        // 5.4.4
        try checkFreshness(candidate)
        timestamp = candidate
    }

    /// That there is a timestamp which has not expired, or may have.
    package func checkTimestamp() throws(MetadataFault) {
        try checkFreshness(try currentTimestamp())
    }

    /// When the first of timestamp and snapshot expired; nil when neither has. Never set after a refresh that requires
    /// freshness.
    package var expiredSince: Date? {
        let times = [timestamp?.content.header.expires, snapshot?.content.header.expires].compactMap(\.self)
        return times.min().flatMap { $0 > referenceTime ? nil : $0 }
    }

    // MARK: snapshot (5.5)

    /// Takes the stored snapshot as base for rollback checks, and says whether it is the one the timestamp names, so that
    /// none need be downloaded. It was checked against its hash when it came, so that check is not repeated.
    package mutating func useLocalSnapshot(_ bytes: [UInt8]) throws(MetadataFault) -> Bool {
        let timestamp = try currentTimestamp()
        try checkFreshness(timestamp)
        let local = try root.content.signers(of: .snapshot).verify(
            UnverifiedMetadata<Snapshot>(decoding: bytes, role: .snapshot, limits: limits))
        snapshot = local
        return local.version == timestamp.content.snapshot.version && (try? checkFreshness(local)) != nil
    }

    /// A downloaded snapshot.
    package mutating func updateSnapshot(_ bytes: [UInt8]) throws(MetadataFault) {
        guard targets == nil else { throw MetadataFault(.misuse, found: "snapshot after targets") }
        let meta = try currentTimestamp().content.snapshot
        try checkTimestamp()
        // 5.5.2
        try meta.facts.check(bytes, at: "snapshot version \(meta.version)")
        // 5.5.3
        let candidate = try root.content.signers(of: .snapshot).verify(
            UnverifiedMetadata<Snapshot>(decoding: bytes, role: .snapshot, limits: limits))
        // 5.5.4
        try Self.checkVersion(candidate, is: meta.version)
        // 5.5.5; the version too, in case the timestamp that named the trusted snapshot was lost
        if let trusted = snapshot {
            try Self.checkNoRollback("snapshot", found: candidate.version, trusted: trusted.version)
            try Self.checkNothingFell(from: trusted.content, to: candidate.content)
        }
        // 5.5.6
        try checkFreshness(candidate)
        snapshot = candidate
    }

    private static func checkNothingFell(from old: Snapshot, to new: Snapshot) throws(MetadataFault) {
        for (name, file) in old.meta.sorted(by: { $0.key < $1.key }) {
            guard let present = new.meta[name] else { throw MetadataFault(.roleRemoved, expected: "\(name)") }
            try checkNoRollback("\(name) in snapshot", found: present.version, trusted: file.version)
        }
    }

    // MARK: targets (5.6)

    /// The top-level targets, downloaded or stored: the same checks either way.
    package mutating func updateTargets(_ bytes: [UInt8]) throws(MetadataFault) {
        targets = try verifyTargets(bytes, role: .targets, signers: root.content.signers(of: .targets))
    }

    /// The targets metadata of `role`, as `delegator` delegates to it. Nothing is remembered: a role reached through
    /// another delegator is verified anew by that one's keys.
    package func verifyDelegated(
        _ bytes: [UInt8], role: RoleName, delegator: Verified<Targets>
    ) throws(MetadataFault) -> Verified<Targets> {
        guard let signers = delegator.content.delegations?.signers(of: role) else {
            throw MetadataFault(.roleUnknown, found: "\(role)", at: "delegations of \(delegator.role)")
        }
        return try verifyTargets(bytes, role: role, signers: signers)
    }

    /// What the snapshot says of a targets role: which version to ask for, and how long it may be.
    package func metaFile(of role: RoleName) throws(MetadataFault) -> MetaFile {
        guard let file = try currentSnapshot().content.meta[role.metaName] else {
            throw MetadataFault(.missing, expected: "\(role.metaName)", at: "snapshot")
        }
        return file
    }

    private func verifyTargets(
        _ bytes: [UInt8], role: RoleName, signers: RoleSigners
    ) throws(MetadataFault) -> Verified<Targets> {
        let meta = try metaFile(of: role)
        // 5.6.2
        try meta.facts.check(bytes, at: "\(role) version \(meta.version)")
        // 5.6.3
        let candidate = try signers.verify(
            UnverifiedMetadata<Targets>(decoding: bytes, role: role, limits: limits))
        // 5.6.4
        try Self.checkVersion(candidate, is: meta.version)
        // 5.6.5
        try checkExpiry(candidate)
        return candidate
    }

    // MARK: what has to be there

    private func currentTimestamp() throws(MetadataFault) -> Verified<Timestamp> {
        guard let timestamp else { throw MetadataFault(.misuse, expected: "timestamp first") }
        return timestamp
    }

    /// A snapshot that is the timestamp's, and as current as it.
    private func currentSnapshot() throws(MetadataFault) -> Verified<Snapshot> {
        guard let snapshot else { throw MetadataFault(.misuse, expected: "snapshot first") }
        let timestamp = try currentTimestamp()
        try checkFreshness(timestamp)
        try Self.checkVersion(snapshot, is: timestamp.content.snapshot.version)
        try checkFreshness(snapshot)
        return snapshot
    }

    /// Expiry of what the online keys sign.
    private func checkFreshness<Content>(_ metadata: Verified<Content>) throws(MetadataFault) {
        if freshness == .required { try checkExpiry(metadata) }
    }

    private func checkExpiry<Content>(_ metadata: Verified<Content>) throws(MetadataFault) {
        let expires = metadata.content.header.expires
        guard expires > referenceTime else {
            throw MetadataFault(
                .expired, found: UTCTime.encode(expires), expected: "later than \(UTCTime.encode(referenceTime))",
                at: "\(metadata.role) version \(metadata.version)")
        }
    }

    private static func checkVersion<Content>(_ metadata: Verified<Content>, is version: Int) throws(MetadataFault) {
        guard metadata.version == version else {
            throw MetadataFault(
                .wrongVersion, found: "\(metadata.version)", expected: "\(version)", at: "\(metadata.role)")
        }
    }

    private static func checkNoRollback(_ what: String, found: Int, trusted: Int) throws(MetadataFault) {
        guard found >= trusted else {
            throw MetadataFault(.rollback, found: "version \(found)", expected: "at least \(trusted)", at: what)
        }
    }
}
