import FoundationEssentials
import Primitives
import Releases
import TUF

extension Change {
    private static let longestText = 1000
    private static let longestList = 12
    /// What every alarm that cannot be explained ends in.
    static let advice = "do not sign unless you know why"

    /// One line for people, lower case, no final stop; what comes from outside is escaped and bounded.
    package var sentence: String {
        switch kind {
        case .setsUp(let titles, let rule): "sets up \(Self.list(titles)), signed by \(rule)"
        case .keyJoins(let key, let titles): "\(key.possessive) joins \(Self.list(titles))"
        case .keyLeaves(let key, let titles): "\(key.possessive) leaves \(Self.list(titles))"
        case .onlineKey(let titles, let from, let to):
            "the online key of \(Self.list(titles)) changes from \(from) to \(to)"
        case .threshold(let titles, let from, let to):
            "threshold of \(Self.list(titles)): \(from.numbers) becomes \(to.numbers)"
        case .releaseKey(let from, let to): Self.releaseKey(from, to)
        case .opens(let titles, let rule): "opens \(Self.list(titles)), signed by \(rule)"
        case .closes(let title): "CLOSES \(title): instances will not find its releases any more"
        case .validity(let title, let from, let to, let isAll): Self.validity(title, from, to, isAll)
        case .specification(let title, let from, let to):
            "\(title) follows version \(Self.text(to)) of the TUF specification instead of \(Self.text(from))"
        case .undescribed(let title, let paths):
            "changes something this version of sceau cannot describe in \(title) "
                + "(\(Shown.list(paths, limit: Self.longestList))): \(Self.advice)"
        default: kind.witnessSentence ?? releaseSentence
        }
    }

    private var releaseSentence: String {
        switch kind {
        case .adds(let added): added.sentence
        case .withdraws(let release, let reason, _): "withdraws \(release.from): \(Self.text(reason))"
        case .changesWithdrawal(let release, let from, let to):
            "withdraws \(release.from) for another reason: \(Self.text(to)) (it was: \(Self.text(from)))"
        case .reinstates(let release): "TAKES BACK the withdrawal of \(release.from)"
        case .moves(let releases, let files):
            "moves \(Self.versions(releases)) to the archive of \(Self.channel(releases)) "
                + "(\(Counted.text(files, "metadata file")))"
        case .bringsBack(let releases):
            "brings \(Self.versions(releases)) back from the archive to \(Self.channel(releases))"
        case .rearranges(let releases):
            "rearranges the archive of \(Self.channel(releases)): \(Counted.text(releases.count, "release")) stay as "
                + "\(releases.count == 1 ? "it is" : "they are")"
        case .drops(let releases):
            "DROPS \(Self.versions(releases)) from \(Self.channel(releases)): instances will not find "
                + "\(releases.count == 1 ? "it" : "them") any more"
        case .changesFiles(let release, let names):
            "CHANGES the files of published release \(release.version) in \(release.channel): "
                + Shown.list(names.map { Self.text($0) }, limit: Self.longestList)
        case .changesFacts(let release, let from, let to):
            "CHANGES what is said of published release \(release.version) in \(release.channel): "
                + Self.facts(from, to)
        default: ""
        }
    }

    /// What belongs to the sentence, a line each.
    package var details: [String] {
        if case .adds(let added) = kind { added.details } else { kind.witnessDetails }
    }

    // MARK: parts

    fileprivate static func text(_ text: ByteString) -> String { Shown.text(text, limit: longestText) }

    /// Sixteen bins of an archive are said as such.
    private static func list(_ titles: [RoleTitle]) -> String {
        var words: [String] = []
        var bins: [ReleasePaths: Int] = [:]
        for title in titles {
            guard case .bin(let paths, _) = title else {
                words.append("\(title)")
                continue
            }
            bins[paths, default: 0] += 1
        }
        words += bins.sorted { $0.key.channel < $1.key.channel }.map { paths, count in
            "\(Counted.text(count, "bin")) of the archive of \(paths.channel)"
        }
        return Shown.list(words)
    }

    private static func versions(_ releases: [Release]) -> String {
        Shown.list(releases.map { "\($0.version)" }, limit: longestList)
    }

    private static func channel(_ releases: [Release]) -> String { releases.first.map { "\($0.channel)" } ?? "" }

    private static func validity(_ title: RoleTitle, _ from: Date?, _ to: Date, _ isAll: Bool) -> String {
        let end = UTCTime.encode(to)
        guard let from else { return "\(title) is valid until \(end)" }
        let change = "valid until \(end) instead of \(UTCTime.encode(from))"
        if isAll { return "renews \(title): \(change)" }
        return "\(title) is \(change)"
    }

    private static func releaseKey(_ from: KeyMention?, _ to: KeyMention?) -> String {
        switch (from, to) {
        case (nil, let to?): "\(to.possessive) becomes the release key, which signs archives for minisign"
        case (let from?, let to?): "the release key, which signs archives for minisign, changes from \(from) to \(to)"
        case (let from?, nil): "\(from.possessive) is the release key no more, and none takes its place"
        case (nil, nil): ""
        }
    }

    private static func facts(_ from: ReleaseFacts, _ to: ReleaseFacts) -> String {
        var parts: [String] = []
        if from.version != to.version { parts.append("version \(from.version) becomes \(to.version)") }
        if from.severity != to.severity { parts.append("severity \(from.severity) becomes \(to.severity)") }
        if from.time != to.time {
            parts.append("made \(UTCTime.encode(from.time)) becomes \(UTCTime.encode(to.time))")
        }
        if from.updateFrom != to.updateFrom {
            parts.append("for instances \(oldest(from.updateFrom)) becomes for instances \(oldest(to.updateFrom))")
        }
        if from.rollout != to.rollout { parts.append("\(rollout(from)) becomes \(rollout(to))") }
        return parts.joined(separator: ", ")
    }
}

extension Change {
    private static func oldest(_ version: Version?) -> String { version.map { "from \($0) on" } ?? "of any version" }

    private static func rollout(_ facts: ReleaseFacts) -> String {
        facts.rollout?.sentence(made: facts.time) ?? "instances get it at once"
    }
}

extension Change.Release {
    /// `2.11.0 from stable`.
    fileprivate var from: String { "\(version) from \(channel)" }
}

extension Change.AddedRelease {
    fileprivate var sentence: String {
        let begin = "adds release \(release.version) to \(release.channel)"
        guard let manifest else {
            return "\(begin), severity \(severity): its release.json is not here, so nothing more can be said of it: "
                + Change.advice
        }
        var line = "\(begin): \(Counted.text(manifest.tree.files, "file")), \(ByteSize.text(manifest.tree.bytes)), "
        line += "severity \(severity)"
        if !manifest.advisories.isEmpty {
            line += ", fixes " + Shown.list(manifest.advisories.map { "\($0)" }, limit: 12)
        }
        return line
    }

    fileprivate var details: [String] {
        guard let manifest else { return [] }
        var lines = problems.map { "\($0): \(Change.advice)" }
        lines += switching?.warnings.map { "warning: \($0)" } ?? []
        if !manifest.summary.isEmpty { lines.append("summary: \(Change.text(manifest.summary))") }
        if let notes = manifest.notes { lines.append("notes: \(notes)") }
        if !manifest.attachments.isEmpty {
            lines.append("attached: " + Shown.list(manifest.attachments.map { "\($0)" }, limit: 12))
        }
        if !manifest.patches.isEmpty {
            let patches = manifest.patches.map { "\($0.fromVersion) (\(ByteSize.text($0.bytes)))" }
            lines.append(
                "patches from \(Shown.list(patches, limit: 12)); the archive has \(ByteSize.text(manifest.archive.bytes))"
            )
        }
        lines += switching?.lines ?? []
        if let minimum = manifest.minimumAgentVersion { lines.append("needs sceau-agent \(minimum) or newer") }
        if !absent.isEmpty { lines.append("not here: " + Shown.list(absent, limit: 12)) }
        lines.append("made \(UTCTime.encode(manifest.time)), tree sha256 \(manifest.tree.sha256)")
        return lines
    }
}
