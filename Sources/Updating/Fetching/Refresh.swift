import FoundationEssentials
import Primitives
import Releases
import Signatures
import TUF

/// Trusted metadata as one mirror gave it, and that mirror first in the order in which files are asked for.
struct RefreshedChannel {
    let channel: Channel
    let updater: MetadataUpdater
    let mirrors: [any RepositoryMirror]
    /// What mirrors before it did wrong.
    let complaints: [MirrorComplaint]

    var trusted: TrustedMetadataSet { updater.trusted }

    /// A release counts only if the search through delegations finds it with the channel's own role (TUF 5.6.7).
    func checkDelegation(of version: Version) throws {
        let path = channel.paths.manifest(version)
        guard try updater.target(at: path) == channel.metadata.content.targets[path] else {
            throw AgentFault(
                .contradictoryRelease, found: "\(path) in role \(channel.metadata.role)",
                expected: "another role, by the order of delegations")
        }
    }
}

/// A mirror that could not be used, and why. The agent went on with another one.
package struct MirrorComplaint: Sendable {
    package let mirror: String
    package let fault: any ReportableFault
}

/// Brings the trusted metadata up to date, from one mirror alone: two halves of two mirrors' metadata are no repository.
struct Refresh {
    let pinnedRoot: [UInt8]
    let store: any MetadataStore
    let paths: ReleasePaths
    let time: Date

    /// Asks the mirrors in order until one gives a whole, current repository. When none does, throws the worst fault:
    /// that somebody served something wrong must not hide behind a mirror that was merely away.
    func run(_ mirrors: [any RepositoryMirror]) throws -> RefreshedChannel {
        var complaints: [MirrorComplaint] = []
        for (index, mirror) in mirrors.enumerated() {
            do {
                let (channel, updater) = try refresh(from: mirror)
                let order = [mirror] + mirrors.enumerated().filter { $0.offset != index }.map(\.element)
                return RefreshedChannel(channel: channel, updater: updater, mirrors: order, complaints: complaints)
            } catch let fault as any ReportableFault {
                guard fault.isMirrors else { throw fault }
                complaints.append(MirrorComplaint(mirror: mirror.name, fault: fault))
            }
        }
        throw complaints.worst ?? AgentFault(.targetUnavailable, expected: "at least one mirror")
    }

    func refresh(from fetcher: any MetadataFetcher) throws -> (Channel, MetadataUpdater) {
        var updater: MetadataUpdater
        do {
            updater = try MetadataUpdater(
                pinnedRoot: pinnedRoot, store: store, fetcher: fetcher, referenceTime: time)
        } catch let fault as MetadataFault {
            throw AgentFault(.damagedRoot, found: fault.message)
        }
        try updater.refresh()
        let role = RoleName(paths.role)
        guard let top = updater.trusted.targets, top.content.delegations?.signers(of: role) != nil else {
            throw AgentFault(.noSuchChannel, found: "no role \(paths.role)", at: "targets")
        }
        return (try Channel(try updater.delegated(role, by: top), paths: paths), updater)
    }
}

extension ReportableFault {
    /// Whether another mirror may do better.
    var isMirrors: Bool { family == .transport || family == .refusal }
}

extension [MirrorComplaint] {
    /// A refusal if there is one, else the last fault.
    var worst: (any ReportableFault)? { (last { $0.fault.family == .refusal } ?? last)?.fault }
}

/// Stands in for a mirror when there must be no network: what is stored counts as newest.
struct NoMirror: MetadataFetcher {
    func fetchMetadata(_ name: String, limit: Int, held: Digest?) throws -> FetchedFile {
        held == nil ? .absent : .notModified
    }
}
