import FoundationEssentials
import Primitives
import Releases
import Signatures
import TUF
import UpdatePlan

/// What this instance knows, without asking anybody.
package struct StatusReport: Sendable {
    package struct Metadata: Sendable {
        package let root: Int
        package let timestamp: Int?
        package let snapshot: Int?
        package let targets: Int?
        package let channel: Int?
        /// The earliest time at which some of it expires.
        package let expires: Date
        package let isExpired: Bool
    }

    package let product: ProductName
    package let channel: ChannelName
    package let installed: Installation?
    /// What the last refresh offers; nil when nothing, or when there was no refresh yet.
    package let available: ReleaseFacts?
    /// As far as the last refresh says: the installed release and releases that would be updates, oldest first.
    package let withdrawn: [WithdrawalNotice]
    /// Nil before the first refresh.
    package let metadata: Metadata?
    package let lastError: LastError?
}

extension Agent {
    /// Reads only; may run beside an update.
    package func status() throws -> StatusReport {
        let pinnedRoot = try pinnedRoot()
        let installed = try instance.installation()
        let stored = storedChannel(pinnedRoot)
        let (choice, offered) = (try choice(installed), stored?.channel.releases ?? [])
        return StatusReport(
            product: configuration.product, channel: configuration.channel, installed: installed,
            available: choice.newest(of: offered), withdrawn: choice.withdrawals(among: offered),
            metadata: stored.map { metadata($0.channel, $0.trusted) }, lastError: try instance.lastError())
    }

    private func metadata(_ channel: Channel, _ trusted: TrustedMetadataSet) -> StatusReport.Metadata {
        let times = [
            trusted.root.content.header.expires, trusted.timestamp?.content.header.expires,
            trusted.snapshot?.content.header.expires, trusted.targets?.content.header.expires,
            channel.metadata.content.header.expires,
        ]
        let expires = times.compactMap(\.self).reduce(trusted.root.content.header.expires, min)
        return StatusReport.Metadata(
            root: trusted.root.version, timestamp: trusted.timestamp?.version, snapshot: trusted.snapshot?.version,
            targets: trusted.targets?.version, channel: channel.metadata.version, expires: expires,
            isExpired: expires <= ports.now)
    }
}
