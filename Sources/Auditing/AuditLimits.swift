import Releases
import TUF

/// What an audit may cost before it gives up: every bound of this module. Reaching one is a finding of its own, never a
/// silent end.
package struct AuditLimits: Sendable {
    /// Bytes of each kind of metadata, and depth of its JSON.
    package var metadata = MetadataLimits()
    /// Versions of the root.
    package var roots = 1024
    /// Versions of the snapshot. A heartbeat every hour for ten years makes 87,600.
    package var snapshots = 100_000
    /// Roles that one snapshot lists.
    package var rolesInSnapshot = 4096
    /// Different targets over all metadata.
    package var targets = 500_000
    /// Bytes of one target.
    package var targetBytes = Int(ReleaseLimits.fileBytes)
    /// Files and folders of a published folder.
    package var directoryEntries = 1_000_000
    /// Folders inside each other below the published folder.
    package var directoryDepth = 16
    /// What an archive may hold.
    package var tree = TreeLimits()
    /// Findings after which the audit stops.
    package var findings = 1000
    /// Entries of the log.
    package var logEntries = 2_000_000
    /// Files that cannot be fetched, after which a server counts as out of reach.
    package var unreachable = 3

    package init() {}
}
