import Foundation
import Primitives
import Releases
import Signatures
import SystemPackage
import TUF
import TestSupport
import TransparencyLog

/// A published folder with a log: three witnesses, of which two have to cosign.
final class LoggedFolder {
    let published: PublishedFolder
    let log: LogSimulator
    /// When the next checkpoint is cosigned.
    var time = PublishedFolder.now - 3600
    /// Entries whose first line holds this are not logged.
    var leaveOut: String?
    /// The files of the log as they were written last.
    private var written: [String: [UInt8]] = [:]

    /// Nothing but root 1 is published yet.
    init(log: LogSimulator = LogSimulator()) throws {
        published = try PublishedFolder()
        self.log = log
        try setPolicy(log.policy(2))
        try published.publishRoot()
    }

    func setPolicy(_ text: ByteString?) throws { published.root.setWitnessPolicy(text) }

    /// Logs what is published now and not logged yet, as a publisher does, and shows the new checkpoint.
    func publishLog(proofs: Bool = true) throws {
        let known = Set(log.entries)
        for entry in try newestEntries() where !known.contains(entry) {
            if let leaveOut, String(decoding: entry.prefix(200), as: UTF8.self).contains(leaveOut) { continue }
            log.append(entry)
        }
        try publishCheckpoint(proofs: proofs)
    }

    /// The log as it is, cosigned and written.
    func publishCheckpoint(proofs: Bool = true) throws {
        log.publish(at: time, proofs: proofs)
        time += 60
        for (name, bytes) in log.files where written[name] != bytes { try published.replace(name, with: bytes) }
        written = log.files
    }

    /// All roots, the roles, the snapshot and the releases that the channel lists.
    func newestEntries() throws -> [[UInt8]] {
        var entries = try (1...published.root.header.version).map { try entry("root", "root", $0) }
        entries.append(try entry("targets", "targets", published.targets.header.version))
        let channel = PublishedFolder.channelRole
        entries.append(try entry("delegated", channel.text, published.channel.header.version))
        entries.append(try entry("snapshot", "snapshot", published.snapshot.header.version))
        return try entries + releaseEntries()
    }

    func entry(_ kind: String, _ role: ByteString, _ version: Int) throws -> [UInt8] {
        let name = PublishedFolder.metadataPath(RoleName(role), version)
        return LogSimulator.entry(kind, role, String(version), try published.read(name))
    }

    private func releaseEntries() throws -> [[UInt8]] {
        try published.channel.targets.keys.sorted().compactMap { path in
            let parts = path.description.split(separator: "/")
            guard parts.count == 4, parts[3] == "release.json" else { return nil }
            let version = String(parts[2])
            let content = try published.read(published.stored(version, "release.json"))
            return LogSimulator.entry("release", PublishedFolder.channelRole.text, version, content)
        }
    }

    /// Three states, each logged when it is published: an empty channel, a release, a second one under a second root.
    static func threeStates(
        log: LogSimulator = LogSimulator(), _ bend: (LoggedFolder, Int) throws -> Void = { _, _ in }
    ) throws -> LoggedFolder {
        let made = try LoggedFolder(log: log)
        for state in 1...3 {
            try made.prepare(state)
            try bend(made, state)
            try made.published.publish()
            try made.publishLog()
        }
        return made
    }

    /// The first two of these.
    static func twoStates(log: LogSimulator = LogSimulator()) throws -> LoggedFolder {
        let made = try LoggedFolder(log: log)
        for state in 1...2 {
            try made.prepare(state)
            try made.published.publish()
            try made.publishLog()
        }
        return made
    }

    /// What is new in state 1, 2 or 3.
    func prepare(_ state: Int) throws {
        if state == 3 { try published.nextRoot() }
        guard state > 1 else { return }
        published.channel.header.version += 1
        try published.addRelease("1.\(state - 2)")
    }

    /// The third state.
    func publishThird() throws {
        try prepare(3)
        try published.publish()
        try publishLog()
    }
}

extension PublishedFolder {
    static func metadataPath(_ role: RoleName, _ version: Int) -> String {
        "metadata/\(role.fileName(version: version))"
    }
}
