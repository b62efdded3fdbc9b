import CanonicalJSON
import Primitives
import Releases
import TUF

/// How instances come to a release and what they do around the switch to it, beside the release before: for those who
/// sign it.
package struct SwitchReview: Hashable, Sendable {
    /// The release before, whichever of channel and archive has it.
    package struct Former: Hashable, Sendable {
        package let version: Version
        /// Nil when its `release.json` is not here, or is not the one that is listed.
        package let manifest: ReleaseManifest?

        package init(version: Version, manifest: ReleaseManifest?) {
            self.version = version
            self.manifest = manifest
        }
    }

    /// Nil for the first release of a channel.
    package let former: Version?
    /// What is done and what is new in it, a line each: lower case, escaped and bounded.
    package private(set) var lines: [String]
    /// What a signer has to know, though instances would take it.
    package private(set) var warnings: [String] = []

    /// - Parameter offered: what the channel itself would list beside this release.
    package init(_ manifest: ReleaseManifest, former: Former?, offered: [ReleaseFacts]) {
        self.former = former?.version
        lines = manifest.install.sentences
        if let rollout = manifest.rollout {
            lines.append(rollout.sentence(made: manifest.time))
            if rollout.leavesSomeOut { warnings.append("the rollout ends before all instances may have it") }
        }
        describeUpdateFrom(manifest, offered)
        if manifest.install.migration?.return == InstallSection.Migration.Return.none {
            warnings.append("its change of data cannot be undone: instances stop before it and ask")
        }
        guard let former else { return }
        guard let before = former.manifest else {
            warnings.append(
                "release.json of \(former.version) is not here: nothing can be said of what is other than there")
            return
        }
        compare(manifest, with: before)
    }

    private mutating func describeUpdateFrom(_ manifest: ReleaseManifest, _ offered: [ReleaseFacts]) {
        guard let oldest = manifest.updateFrom else { return }
        // An instance of any version below may take it, or has a release in between of its own.
        let between = offered.filter { facts in
            facts.version >= oldest && facts.version < manifest.version && facts.withdrawal == nil
                && (facts.updateFrom.map { $0 < oldest } ?? true)
        }
        guard let step = between.map(\.version).max() else {
            lines.append("instances older than \(oldest) cannot go to it at once")
            warnings.append(
                "\(manifest.channel) offers no release from \(oldest) on that instances older than \(oldest) may take: "
                    + "they stay where they are")
            return
        }
        lines.append("instances older than \(oldest) take \(step) first")
    }

    // MARK: the release before

    private mutating func compare(_ manifest: ReleaseManifest, with before: ReleaseManifest) {
        let (new, old) = (manifest.install, before.install)
        let added = Self.added(new, over: old)
        if !added.isEmpty { lines.append("new since \(before.version): \(Shown.list(added, limit: 12))") }
        let changed = Self.changed(new, from: old)
        if !changed.isEmpty { lines.append("other than in \(before.version): \(Shown.list(changed, limit: 12))") }
        warnings += Self.dropped(new, before) + Self.skipped(manifest, before)
    }

    private static func added(_ new: InstallSection, over old: InstallSection) -> [String] {
        var words: [String] = []
        if new.pre != nil, old.pre == nil { words.append("what runs before the switch") }
        if new.post != nil, old.post == nil { words.append("what runs after the switch") }
        if new.health != nil, old.health == nil { words.append("the health check") }
        words += new.services.filter { !old.services.contains($0) }.map { "the service \($0)" }
        words += new.shared.filter { !old.shared.contains($0) }.map { "the shared path \(text($0))" }
        words += new.tools.filter { !old.tools.contains($0) }.map { "the need for \(text($0)) on the machine" }
        return words
    }

    private static func changed(_ new: InstallSection, from old: InstallSection) -> [String] {
        var words: [String] = []
        if let hook = new.pre, let was = old.pre, hook != was {
            words.append("what runs before the switch (it was \(was.inWords))")
        }
        if let hook = new.post, let was = old.post, hook != was {
            words.append("what runs after the switch (it was \(was.inWords))")
        }
        if let health = new.health, let was = old.health, health != was {
            words.append("the health check (\(was.inWords.replacingBeginning("it is", with: "it was")))")
        }
        if new.services != old.services, Set(new.services) == Set(old.services) {
            words.append("the order of its services")
        }
        return words
    }

    private static func dropped(_ new: InstallSection, _ before: ReleaseManifest) -> [String] {
        let old = before.install
        var words = old.services.filter { !new.services.contains($0) }.map { service in
            "\(service), a service of \(before.version), is none any more: instances neither stop nor start it"
        }
        words += old.shared.filter { !new.shared.contains($0) }.map { path in
            "\(text(path)), shared in \(before.version), is not any more: what instances have there is left aside"
        }
        if let was = old.pre, new.pre == nil {
            words.append("nothing runs before the switch any more; in \(before.version) it was \(was.command)")
        }
        if let was = old.post, new.post == nil {
            words.append("nothing runs after the switch any more; in \(before.version) it was \(was.command)")
        }
        if old.health != nil, new.health == nil {
            words.append("the health check of \(before.version) is gone: instances cannot tell when it does not work")
        }
        return words
    }

    /// A migration is part of one release: who does not come through that release misses it.
    private static func skipped(_ manifest: ReleaseManifest, _ before: ReleaseManifest) -> [String] {
        if let old = before.updateFrom, manifest.updateFrom.map({ $0 < old }) ?? true {
            return ["\(before.version) took instances from \(old) on, this one takes older ones too"]
        }
        guard before.install.migration != nil, manifest.install.migration == nil,
            manifest.updateFrom.map({ $0 < before.version }) ?? true
        else { return [] }
        return [
            "\(before.version) changes data and this release does not: instances that come from before "
                + "\(before.version) miss that change"
        ]
    }

    private static func text(_ path: ByteString) -> String { Shown.text(path, limit: 300) }
}

extension String {
    fileprivate func replacingBeginning(_ beginning: String, with other: String) -> String {
        hasPrefix(beginning) ? other + dropFirst(beginning.count) : self
    }
}

extension Staging {
    /// The review of a release that is staged or published, over what is here.
    package func switchReview(_ manifest: ReleaseManifest, _ workspace: Workspace) -> SwitchReview {
        let releases = releases(of: RoleName(manifest.paths.role))
        let former = releases.last { $0.listed.facts.version < manifest.version }.map { placed in
            SwitchReview.Former(
                version: placed.listed.facts.version, manifest: try? workspace.loadManifest(placed.listed))
        }
        return SwitchReview(
            manifest, former: former, offered: releases.filter { !$0.isArchived }.map(\.listed.facts))
    }
}

extension SwitchReview {
    /// For people, a line each.
    package var text: [String] { warnings.map { "warning: \($0)" } + lines }

    /// For scripts: what signed files say, and what is said of it here.
    package func report(_ manifest: ReleaseManifest) -> JSONObject {
        [
            "install": .object(manifest.install.json),
            "update_from": manifest.updateFrom.map { .string($0.text) } ?? .null,
            "rollout": manifest.rollout?.json ?? .null,
            "compared_with": former.map { .string($0.text) } ?? .null,
            "text": .array(lines.map { .string(ByteString($0)) }),
            "warnings": .array(warnings.map { .string(ByteString($0)) }),
        ]
    }
}
