import Primitives
import Signatures

/// What the entries of a log say, as far as it decides anything: the metadata versions logged last, every release and
/// every notice. An entry is recorded only when it agrees with all before it.
package struct LogLedger: Hashable, Sendable {
    /// Versions of one role. They follow one another without a gap from the first one logged.
    package struct Versions: Hashable, Sendable {
        package let first: Int
        package private(set) var newest: Int
        /// Of the newest versions, the newest one last: all of root, otherwise two, since metadata may stand in the log
        /// for a moment before it is live.
        package private(set) var digests: [Digest]
    }

    package struct Release: Hashable, Sendable {
        package let role: ByteString
        package let version: ByteString
        /// Its entry's place in the log.
        package let index: Int
        /// Of its `release.json`.
        package let digest: Digest
    }

    package struct Notice: Hashable, Sendable {
        /// From 1.
        package let number: Int
        package let index: Int
        package let content: [UInt8]
    }

    /// Entries recorded.
    package private(set) var size = 0
    /// By role.
    package private(set) var metadata: [ByteString: Versions] = [:]
    /// In the order of the log.
    package private(set) var releases: [Release] = []
    package private(set) var notices: [Notice] = []
    /// Bytes all this takes up in a file, roughly; at most `byteLimit`.
    private var weight = 0
    /// Where in `releases` one stands.
    private var places: [ReleaseName: Int] = [:]

    private struct ReleaseName: Hashable {
        let role: ByteString
        let version: ByteString
    }

    package init() {}

    /// Of what is remembered: some 400,000 releases. A log that says more to every instance is none of releases.
    static let byteLimit = 64 << 20

    // MARK: questions

    /// The newest logged version of a metadata role.
    package func newest(_ role: ByteString) -> (version: Int, digest: Digest)? {
        guard let versions = metadata[role], let digest = versions.digests.last else { return nil }
        return (versions.newest, digest)
    }

    /// What was logged as this version of a metadata role; nil too when that is longer ago than remembered.
    package func digest(_ role: ByteString, version: Int) -> Digest? { metadata[role]?.digest(version) }

    /// The digest of the `release.json` that was logged for a release.
    package func release(_ role: ByteString, _ version: ByteString) -> Digest? { entry(role, version)?.digest }

    /// The entry of a release.
    package func entry(_ role: ByteString, _ version: ByteString) -> Release? {
        places[ReleaseName(role: role, version: version)].map { releases[$0] }
    }

    /// Whether this very entry is logged. Throws `log/second-content` when another content is logged in its place, and
    /// `log/superseded` for metadata older than remembered.
    package func holds(_ entry: LogEntry) throws(LogFault) -> Bool {
        switch try logged(entry) {
        case .nothing: return false
        case .digest(entry.digest): return true
        case .digest(let other):
            throw LogFault(.secondContent, found: entry.digest.hex, expected: other.hex, at: entry.name)
        case .forgotten(let oldest): throw LogFault(.superseded, expected: "version \(oldest) or later", at: entry.name)
        }
    }

    // MARK: recording

    /// Throws `log/malformed-entry` and `log/entry-too-long`; `log/second-content` for a second content of something logged, `log/repeated` for
    /// something logged before, `log/gap` for metadata or a notice that is not one version after the newest (the first
    /// metadata of a role may have any), and `log/out-of-range` unless `index` is the one after the last, and `log/too-much`
    /// when all that is to be remembered would be more than `byteLimit`. Nothing is recorded then.
    package mutating func record(_ entry: LogEntry, at index: Int) throws(LogFault) {
        guard index == size, size < LogSize.limit else {
            throw LogFault(.outOfRange, found: "entry \(index)", expected: "entry \(size)")
        }
        try entry.check()
        switch try logged(entry) {
        case .nothing: break
        case .digest(let other) where other != entry.digest:
            throw LogFault(
                .secondContent, found: entry.digest.hex, expected: other.hex, at: "\(entry.name), entry \(index)")
        case .digest, .forgotten: throw LogFault(.repeated, found: entry.name, at: "entry \(index)")
        }
        let weight = weight + newWeight(of: entry)
        guard weight <= Self.byteLimit else {
            throw LogFault(
                .tooMuch, found: "more to remember than \(Self.byteLimit) bytes", at: "\(entry.name), entry \(index)")
        }
        switch entry.kind {
        case .root, .targets, .snapshot, .delegated: try recordMetadata(entry)
        case .release:
            add(Release(role: entry.role, version: entry.version, index: index, digest: entry.digest))
        case .notice: try recordNotice(entry, at: index)
        }
        self.weight = weight
        size += 1
    }

    private func newWeight(of entry: LogEntry) -> Int {
        switch entry.kind {
        case .root, .targets, .snapshot, .delegated:
            if metadata[entry.role] == nil { return Self.weight(entry.role, Self.digestWeight) }
            return Self.remembered(entry.role) == .max ? Self.digestWeight : 0
        case .release: return Self.weight(entry.role, entry.version.count)
        case .notice: return Self.weight(entry.role, 2 * entry.content.count)
        }
    }

    private static let digestWeight = 65

    private static func weight(_ role: ByteString, _ more: Int) -> Int { role.count + more + 100 }

    private mutating func recordMetadata(_ entry: LogEntry) throws(LogFault) {
        let number = try Self.number(of: entry)
        guard let newest = metadata[entry.role]?.newest else {
            metadata[entry.role] = Versions(first: number, newest: number, digests: [entry.digest])
            return
        }
        guard number == newest + 1 else {
            throw LogFault(.gap, found: entry.name, expected: "version \(newest + 1)")
        }
        metadata[entry.role]?.append(entry.digest, keeping: Self.remembered(entry.role))
    }

    private mutating func recordNotice(_ entry: LogEntry, at index: Int) throws(LogFault) {
        let number = try Self.number(of: entry)
        guard number == notices.count + 1 else {
            throw LogFault(.gap, found: entry.name, expected: "number \(notices.count + 1)")
        }
        notices.append(Notice(number: number, index: index, content: entry.content))
    }

    private mutating func add(_ release: Release) {
        places[ReleaseName(role: release.role, version: release.version)] = releases.count
        releases.append(release)
    }

    private enum Logged {
        case nothing
        case digest(Digest)
        /// It was logged; the oldest version remembered is this one.
        case forgotten(Int)
    }

    private func logged(_ entry: LogEntry) throws(LogFault) -> Logged {
        switch entry.kind {
        case .root, .targets, .snapshot, .delegated:
            guard let versions = metadata[entry.role] else { return .nothing }
            let number = try Self.number(of: entry)
            guard versions.first...versions.newest ~= number else { return .nothing }
            return versions.digest(number).map { .digest($0) } ?? .forgotten(versions.oldestRemembered)
        case .release:
            return release(entry.role, entry.version).map { .digest($0) } ?? .nothing
        case .notice:
            let number = try Self.number(of: entry)
            guard number <= notices.count else { return .nothing }
            return .digest(.sha256(of: notices[number - 1].content))
        }
    }

    private static func number(of entry: LogEntry) throws(LogFault) -> Int {
        guard let number = entry.number else { throw LogFault(.malformedEntry, found: entry.name) }
        return number
    }

    static func remembered(_ role: ByteString) -> Int { role == "root" ? .max : 2 }
}

extension LogLedger {
    /// As a file says it; nil unless recording entries can lead to it.
    init?(size: Int, metadata: [(role: ByteString, versions: Versions)], releases: [Release], notices: [Notice]) {
        self.size = size
        self.notices = notices
        places.reserveCapacity(releases.count)
        for release in releases { add(release) }
        var unexplained = size - releases.count - notices.count
        for (role, versions) in metadata {
            guard LogEntry.isMetadataRole(role), versions.isPossible(for: role),
                self.metadata.updateValue(versions, forKey: role) == nil, versions.count <= unexplained
            else { return nil }
            unexplained -= versions.count
        }
        weight += releases.reduce(0) { $0 + Self.weight($1.role, $1.version.count) }
        weight += notices.reduce(0) { $0 + Self.weight(LogEntry.noticeRole, 2 * $1.content.count) }
        for (role, versions) in metadata {
            let count = Self.remembered(role) == .max ? versions.digests.count : 1
            weight += Self.weight(role, count * Self.digestWeight)
        }
        guard weight <= Self.byteLimit, unexplained == 0, places.count == releases.count,
            releases.allSatisfy(\.isPossible),
            notices.map(\.number) == Array(1..<notices.count + 1), notices.allSatisfy(\.isPossible),
            Self.areInOrder(releases.map(\.index), below: size), Self.areInOrder(notices.map(\.index), below: size),
            Set(releases.map(\.index)).isDisjoint(with: notices.map(\.index))
        else { return nil }
    }

    private static func areInOrder(_ indices: [Int], below size: Int) -> Bool {
        guard let first = indices.first, let last = indices.last else { return true }
        return first >= 0 && last < size && zip(indices, indices.dropFirst()).allSatisfy(<)
    }
}

extension LogLedger.Release {
    fileprivate var isPossible: Bool { LogEntry.isDelegatedRole(role) && LogEntry.isWord(version) }
}

extension LogLedger.Notice {
    fileprivate var isPossible: Bool { (try? entry.check()) != nil }

    private var entry: LogEntry {
        LogEntry(
            kind: .notice, role: LogEntry.noticeRole, version: ByteString(String(number)), content: content)
    }
}

extension LogLedger.Versions {
    /// Versions logged.
    var count: Int { newest - first + 1 }
    var oldestRemembered: Int { newest - digests.count + 1 }

    func isPossible(for role: ByteString) -> Bool {
        1...LogSize.limit ~= newest && 1...newest ~= first && digests.count == min(count, LogLedger.remembered(role))
    }

    func digest(_ version: Int) -> Digest? {
        guard oldestRemembered...newest ~= version else { return nil }
        return digests[version - oldestRemembered]
    }

    /// The next version.
    fileprivate mutating func append(_ digest: Digest, keeping: Int) {
        newest += 1
        digests.append(digest)
        if digests.count > keeping { digests.removeFirst() }
    }
}
