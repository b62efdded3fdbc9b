import Primitives
import Releases
import SystemPackage
import Transport

/// What the administrator says about one product on one instance: one YAML file.
package struct AgentConfiguration: Hashable, Sendable {
    package var product: ProductName
    package var channel: ChannelName
    /// Base addresses, in order of preference; each ends where `metadata/` and `targets/` begin.
    package var mirrors: [String]
    /// Absolute. Holds `versions/` and `current`.
    package var prefix: FilePath
    /// Absolute. Holds what the agent remembers.
    package var state: FilePath
    package var transport = TransportConfiguration()
    /// Earlier releases kept for `revert`, besides the installed one; 1 or more.
    package var keep = Self.defaultKeep
    package var limits = ReleaseSizeLimits()
    /// What to fetch of a release that can be had as either.
    package var prefers = PreferredDelivery.patch
    package var log = LogSettings()
    package var install = InstallSettings()
    package var hooks = HookSettings()
    package var services = ServiceSettings()
    package var health = HealthSettings()
    package var notify = NotifySettings()
    package var metrics = MetricsSettings()

    package static let defaultKeep = 2
    /// Bytes of the file.
    package static let sizeLimit = 64 << 10

    package init(
        product: ProductName, channel: ChannelName, mirrors: [String], prefix: FilePath, state: FilePath
    ) {
        self.product = product
        self.channel = channel
        self.mirrors = mirrors
        self.prefix = prefix
        self.state = state
    }

    package var paths: ReleasePaths { ReleasePaths(product: product, channel: channel) }
}

package enum PreferredDelivery: String, CaseIterable, Sendable {
    /// Small and quick; the mirror learns from which release to which the instance goes.
    case patch
    /// Always the archive: every instance asks for the same file.
    case archive
}

/// How large a release may be on this instance.
package struct ReleaseSizeLimits: Hashable, Sendable {
    /// Bytes of the packed archive.
    package var archiveBytes = 4 << 30
    package var tree = TreeLimits()
    /// Bytes of memory that applying a patch may take; one that needs more is not used. A publisher makes none that needs
    /// more than this.
    package var patchMemory = 256 << 20

    package init() {}
}
