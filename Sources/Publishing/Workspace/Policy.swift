import FoundationEssentials
import Primitives
import Releases

/// `Keys/policy.yaml`: what root, targets and channels ought to be. Written by `init`, edited by people and by
/// `root propose`, which makes metadata from it. Who signs what in truth is for signed metadata to say.
package struct Policy: Equatable, Sendable {
    /// How long metadata of a role is valid.
    package struct Life: Equatable, Sendable {
        /// Days from signing to expiry.
        package var expiresDays: Int
        /// `status` warns when fewer days than these are left.
        package var warnDays: Int

        package init(expiresDays: Int, warnDays: Int) {
            self.expiresDays = expiresDays
            self.warnDays = warnDays
        }

        package func expiry(from now: Date) -> Date { Self.wholeSeconds(now) + Double(expiresDays) * 86400 }
        package func isNear(_ expiry: Date, at now: Date) -> Bool {
            expiry.timeIntervalSince(now) < Double(warnDays) * 86400
        }

        private static func wholeSeconds(_ date: Date) -> Date {
            Date(timeIntervalSince1970: date.timeIntervalSince1970.rounded(.down))
        }
    }

    /// Who signs a role, and how many of them must.
    package struct Signers: Equatable, Sendable {
        package var keyholders: [String]
        package var threshold: Int
        package var life: Life
    }

    package struct Channel: Equatable, Sendable {
        package var name: ChannelName
        package var signers: Signers
        /// How many releases the channel lists; older ones move to its archive.
        package var keep: Int
    }

    /// The transparency log of all that is published, and the witnesses who watch it.
    package struct Log: Equatable, Sendable {
        /// Name of the file in `Keys/` with witnesses, groups and quorum (tlog-policy, without its log line).
        package var witnessPolicy: String
        /// Signs the log's checkpoints; its public half is `Keys/KEY.pub`.
        package var key: String
        package var origin: LogOrigin

        package init(witnessPolicy: String, key: String, origin: LogOrigin) {
            self.witnessPolicy = witnessPolicy
            self.key = key
            self.origin = origin
        }
    }

    package var product: ProductName
    package var onlineKey: String
    /// Signs archives for people without these tools; nil: nobody does.
    package var releaseKey: String?
    /// Nil: there is no log, and instances that ask for one refuse all that is published.
    package var log: Log?
    package var root: Signers
    package var targets: Signers
    package var snapshot: Life
    package var timestamp: Life
    /// In the order listed.
    package var channels: [Channel]

    package static let defaultKeep = 16
    static let offlineLife = Life(expiresDays: 365, warnDays: 60)
    static let snapshotLife = Life(expiresDays: 30, warnDays: 10)
    static let timestampLife = Life(expiresDays: 7, warnDays: 3)

    /// The policy a new workspace begins with: the same keyholders and threshold everywhere.
    package init(
        product: ProductName, channels: [ChannelName], keyholders: [String], threshold: Int, onlineKey: String,
        releaseKey: String? = nil, log: Log? = nil
    ) {
        let signers = Signers(keyholders: keyholders, threshold: threshold, life: Self.offlineLife)
        self.product = product
        self.onlineKey = onlineKey
        self.releaseKey = releaseKey
        self.log = log
        root = signers
        targets = signers
        snapshot = Self.snapshotLife
        timestamp = Self.timestampLife
        self.channels = channels.map { Channel(name: $0, signers: signers, keep: Self.defaultKeep) }
    }

    init(
        product: ProductName, onlineKey: String, releaseKey: String?, log: Log?, root: Signers, targets: Signers,
        snapshot: Life, timestamp: Life, channels: [Channel]
    ) {
        self.product = product
        self.onlineKey = onlineKey
        self.releaseKey = releaseKey
        self.log = log
        self.root = root
        self.targets = targets
        self.snapshot = snapshot
        self.timestamp = timestamp
        self.channels = channels
    }

    package func channel(_ name: ChannelName) throws(PublishingFault) -> Channel {
        guard let channel = channels.first(where: { $0.name == name }) else {
            throw PublishingFault(
                .unknownChannel, found: "\"\(name)\"",
                expected: "one of " + channels.map { "\($0.name)" }.joined(separator: ", "))
        }
        return channel
    }

    package func paths(_ channel: ChannelName) -> ReleasePaths { ReleasePaths(product: product, channel: channel) }
}
