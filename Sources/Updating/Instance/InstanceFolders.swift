import DurableStorage
import Releases
import SystemPackage

/// Where everything of one product stands on this instance.
package struct InstanceFolders: Hashable, Sendable {
    package let state: FilePath
    package let prefix: FilePath

    package init(_ configuration: AgentConfiguration) {
        state = configuration.state
        prefix = configuration.prefix
    }

    // MARK: what the agent remembers

    /// The root this instance was set up with, as it was given.
    package var pinnedRoot: FilePath { state.appending("root.json") }
    package var metadata: FilePath { state.appending("metadata") }
    /// Files on their way, each named by its SHA-256.
    package var downloads: FilePath { state.appending("downloads") }
    /// What is known of the transparency log, and evidence of what it should not do.
    package var log: FilePath { state.appending("log") }
    package var logState: FilePath { log.appending("state") }
    /// Which mirror served last, and which ones misbehaved.
    package var mirrors: FilePath { state.appending("mirrors.json") }
    package var journal: FilePath { state.appending("journal") }
    package var history: FilePath { state.appending("history.jsonl") }
    package var installed: FilePath { state.appending("installed.json") }
    package var lastError: FilePath { state.appending("last-error.json") }
    package var hold: FilePath { state.appending("hold") }
    package var approved: FilePath { state.appending("approved") }
    /// Random bytes; they never leave this instance.
    package var seed: FilePath { state.appending("seed") }
    /// What programs around the last switches said.
    package var output: FilePath { state.appending("output") }
    /// What people were told, and what they have yet to be told.
    package var notices: FilePath { state.appending("notices.json") }
    package var lock: FilePath { state.appending("lock") }
    /// Listing and `release.json` of each release whose tree is kept.
    package var releases: FilePath { state.appending("releases") }
    package func release(_ version: Version) -> FilePath { releases.appending(version.description) }

    // MARK: what is installed

    package var versions: FilePath { prefix.appending("versions") }
    package func tree(_ version: Version) -> FilePath { versions.appending(version.description) }
    /// Names beginning with a dot are never releases.
    package func building(_ version: Version) -> FilePath { versions.appending(".building-\(version)") }
    package func removing(_ version: Version) -> FilePath { versions.appending(".removing-\(version)") }
    package static func isUnfinished(_ name: String) -> Bool {
        name.hasPrefix(".building-") || name.hasPrefix(".removing-")
    }
    /// The instance's own data, which releases link to. Never touched.
    package var shared: FilePath { prefix.appending("shared") }
    package var current: FilePath { prefix.appending("current") }
    package static func linkTarget(_ version: Version) -> String { "versions/\(version)" }
    /// The version to whose tree `current` leads when this stands in it: as `linkTarget` has it, or as people type it, with
    /// the whole path or a slash behind it. Nil when it leads elsewhere.
    func version(linkedBy target: String) -> Version? {
        let place = prefix.pushing(FilePath(target)).lexicallyNormalized()
        guard place.folder == versions, let name = place.fileName else { return nil }
        return try? Version(name)
    }
}
