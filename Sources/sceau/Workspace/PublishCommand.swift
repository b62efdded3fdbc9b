import ArgumentParser
import CanonicalJSON
import CommandSupport
import FoundationEssentials
import Primitives
import Publishing
import Releases
import Signatures
import TUF

/// `sceau publish`
struct PublishCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "publish",
        abstract: "Check all that is staged as an instance would, and put it into Releases/.",
        discussion: "It may be interrupted anywhere and run again: it finishes what it began.")

    @OptionGroup var workspace: WorkspaceOption
    @OptionGroup var onlineKey: OnlineKeyOption
    @OptionGroup var logKey: LogKeyOption

    @Flag(
        help: ArgumentHelp(
            "Publish a new root though its predecessor's witnesses or log are gone for good.",
            discussion: """
                No instance takes such a root by itself: each administrator has to accept it by its fingerprint, which \
                sceau log show says.
                """))
    var abandonFormerWitnesses = false

    @OptionGroup var json: JSONOption

    func run() throws {
        let workspace = workspace.workspace
        let publication = try stating("nothing went live") {
            try Publication(workspace: workspace, now: SystemClock.now())
        }
        let ports = try logKey.ports(workspace, isAbandoning: abandonFormerWitnesses)
        let resumed = try finishInterrupted(publication, ports)
        let staging = try stating("nothing went live") { try publication.checkStaging() }
        guard !staging.roles.isEmpty else {
            if let resumed { return try json.print(resumed.object, orText: resumed.text) }
            return try json.print(["published": false], orText: Self.nothingStaged)
        }
        let prepared = try stating("nothing went live") {
            try publication.prepare(
                staging, signer: onlineKey.load(workspace, for: staging.root), log: ports)
        }
        let finished = try publication.finish(prepared, ports)
        try stating("it was published") {
            try onlineKey.remember(workspace)
            try logKey.remember(workspace)
        }
        try json.print(finished.object, orText: (resumed?.text ?? []) + finished.text)
    }

    private func finishInterrupted(_ publication: Publication, _ ports: LogPorts) throws -> Finished? {
        let unfinished = try stating(Publication.unfinishedState) { try publication.unfinished() }
        return try unfinished.map { try publication.finish($0, ports) }
    }

    private static let nothingStaged = [
        "nothing is staged, so there is nothing to publish", "hint: sceau refresh renews timestamp and snapshot",
    ]
}

/// `sceau refresh`
struct RefreshCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "refresh",
        abstract: "Publish a new timestamp, and a new snapshot when it is time. For a timer.",
        discussion: "Has the witnesses sign the log anew: instances want that every day. What is staged stays staged.")

    @OptionGroup var workspace: WorkspaceOption
    @OptionGroup var onlineKey: OnlineKeyOption
    @OptionGroup var logKey: LogKeyOption
    @OptionGroup var json: JSONOption

    func run() throws {
        let workspace = workspace.workspace
        let publication = try stating("nothing went live") {
            try Publication(workspace: workspace, now: SystemClock.now())
        }
        let ports = try logKey.ports(workspace)
        if let unfinished = try stating(Publication.unfinishedState, { try publication.unfinished() }) {
            _ = try publication.finish(unfinished, ports)
        }
        let prepared = try stating("nothing went live") {
            try publication.prepareRefresh(
                signer: onlineKey.load(workspace, for: PublishedMetadata.load(workspace).root?.content), log: ports)
        }
        let finished = try publication.finish(prepared, ports)
        try stating("it was published") {
            try onlineKey.remember(workspace)
            try logKey.remember(workspace)
        }
        try json.print(finished.object, orText: finished.text)
    }
}

extension Publication {
    static let unfinishedState = "the publication stays unfinished; run sceau publish again"

    fileprivate func finish(_ prepared: Prepared, _ ports: LogPorts) throws -> Finished {
        Finished(prepared: prepared, log: try stating(Self.unfinishedState) { try complete(prepared, log: ports) })
    }
}

/// A publication that is live.
private struct Finished {
    let prepared: Publication.Prepared
    /// Nil when root names no log.
    let log: LogReport?

    var object: JSONObject {
        var object = prepared.report.object
        object["log"] = log.map { .object($0.object) } ?? .null
        return object
    }

    var text: [String] {
        let (report, isResumed) = (prepared.report, prepared.isResumed)
        var lines = [isResumed ? "finished the publication that was interrupted" : "published"]
        for release in report.releases {
            lines.append("  release \(release.facts.version) in \(release.role), severity \(release.facts.severity)")
        }
        for release in report.withdrawn { lines.append("  withdraws \(release.facts.version) in \(release.role)") }
        if report.newTargets > 0 {
            lines.append("  \(Counted.text(report.newTargets, "target file")), \(HumanFormat.bytes(report.newBytes))")
        }
        lines.append("  metadata: " + report.metadata.joined(separator: ", "))
        if let log { lines.append("  log: \(log.sentence)") }
        let expiry = UTCTime.encode(report.timestampExpires)
        lines.append(
            "  timestamp version \(report.timestampVersion) is valid until \(expiry); renew it with sceau refresh")
        if let anchor = report.anchor {
            lines.append("the trust anchor for instances is Keys/root.json, with the fingerprint (SHA-256)")
            lines.append("  \(anchor)")
            lines.append("  hand out both, by two ways")
        }
        return lines
    }
}

extension PublicationReport {
    fileprivate var object: JSONObject {
        var object: JSONObject = [
            "published": true, "metadata": .array(metadata.map { .string(ByteString($0)) }),
            "releases": .array(
                releases.map { release in
                    [
                        "role": .string(release.role.text), "version": .string(release.facts.version.text),
                        "severity": .string(ByteString(release.facts.severity.rawValue)),
                    ]
                }),
            "withdrawn": .array(withdrawn.map { .string($0.facts.version.text) }),
            "target_files": .integer(Int64(newTargets)), "target_bytes": .integer(Int64(newBytes)),
            "timestamp_version": .integer(Int64(timestampVersion)),
            "timestamp_expires": .string(ByteString(UTCTime.encode(timestampExpires))),
        ]
        if let anchor { object["root_sha256"] = .string(ByteString(anchor.hex)) }
        return object
    }
}
