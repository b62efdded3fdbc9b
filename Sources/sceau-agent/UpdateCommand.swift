import ArgumentParser
import CommandSupport
import Primitives
import Processes
import Releases
import Signatures
import TransparencyLog
import Updating

struct UpdateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update", abstract: "Install the newest release, if there is a newer one.",
        discussion: """
            SIGTERM, as when the machine is switched off, ends a download at once, and an update that has begun to be \
            installed only when that is done, hooks included.
            """)

    @Option(
        help: ArgumentHelp(
            "Install this release, which must not be older than the installed one.",
            discussion: """
                To name it is to approve it: it waits for no window, rollout or approval, also where what it does to the \
                data cannot be undone. Only a hold and hold-back are waited for.
                """))
    var version: Version?

    @Flag(
        help: ArgumentHelp(
            "Do not wait for a window or for the rollout.",
            discussion: "An approval and hold-back are waited for all the same, and nothing is left unverified."))
    var now = false

    @Option(
        help: ArgumentHelp(
            "In this run, use what the log cannot vouch for, if it is exactly this.",
            discussion: """
                For when witnesses or the log are out of reach and it cannot wait. The refusal shows the fingerprint, as \
                hexadecimal digits and as words; ask somebody who knows what was published, by telephone, to read theirs \
                to you. Signatures are checked as always, and a log that contradicts itself is refused all the same. It \
                is written to the history.
                """, valueName: "fingerprint"))
    var acceptUnwitnessed: String?

    @OptionGroup var options: InstanceOptions

    func run() throws {
        let accepted = try acceptUnwitnessed.map(Self.fingerprint)
        let signals = try DaemonSignals(.untilDone)
        let report = try options.withAgent(isStopping: { signals.isStopping }) {
            try $0.update(to: version, now: now, accepting: accepted)
        }
        options.warn(report.complaints)
        try options.print(report.json, orText: Self.lines(report))
    }

    private static func fingerprint(_ text: String) throws -> Digest {
        guard let digest = Fingerprint.decode(text) else {
            throw CommandFault(
                .arguments, found: "no whole fingerprint after --accept-unwitnessed",
                expected: "64 hexadecimal digits or 16 words",
                hint: "type what the publisher reads to you, all of it, in quotes: "
                    + "sceau-agent update --accept-unwitnessed 'babab-dabab-…', with hyphens or spaces between the 16 words, "
                    + "or the 64 digits in place of them")
        }
        return digest
    }

    static func lines(_ report: UpdateReport) -> [String] {
        let accepted = report.accepted.map { ["accepted without the log, as you said: \($0)"] } ?? []
        return accepted + outcome(report) + report.withdrawn.lines(installed: report.installed?.version)
    }

    private static func outcome(_ report: UpdateReport) -> [String] {
        guard let release = report.release else {
            if let held = report.held { return [held.line] }
            return ["up to date: \(report.installed.map { "\($0.version)" } ?? "the channel has no release")"]
        }
        let before =
            switch report.before {
            case nil: "installed \(release.version)"
            case release.version: "installed \(release.version) anew"
            case .some(let before): "updated from \(before) to \(release.version)"
            }
        let size = "\(Counted.text(release.tree.files, "file")), \(HumanFormat.bytes(release.tree.bytes))"
        let summary = release.summary.isEmpty ? [] : [release.summary.description]
        return ["\(before) (severity \(release.severity); \(size))"] + summary + delivery(report, release)
            + report.missingShared.map { "\($0) is not there yet, and \(release.version) links to it" }
    }

    private static func delivery(_ report: UpdateReport, _ release: ReleaseManifest) -> [String] {
        guard let delivery = report.delivery else { return [] }
        let archive = HumanFormat.bytes(release.archive.bytes)
        let refusal = report.patchRefusal.map { ["the patch was not used: \($0)"] } ?? []
        return refusal + [
            "fetched " + (delivery.way == .archive ? delivery.text : "\(delivery.text); the archive has \(archive)")
        ]
    }
}

extension Delivery {
    /// `a patch of 12.3 kB`.
    var text: String {
        switch way {
        case .archive: "the archive, \(HumanFormat.bytes(bytes))"
        case .patch: "a patch of \(HumanFormat.bytes(bytes))"
        case .patches: "two patches of \(HumanFormat.bytes(bytes)) together"
        }
    }
}
