/// What a release may cost before it is refused.
package enum ReleaseLimits {
    /// Bytes of `release.json`: below what one entry of a transparency log may hold.
    package static let manifestBytes = 60 << 10
    /// Bytes of the summary, one line for people.
    package static let summaryBytes = 1000
    /// Bytes of the reason for a withdrawal, one line for people.
    package static let reasonBytes = 1000
    package static let advisories = 64
    package static let attachments = 64
    package static let patches = 64
    /// Steps of a rollout, and hours from its start to its last one: a leap year.
    package static let rolloutSteps = 16
    package static let rolloutHours = 366 * 24
    /// Bytes of one archive or patch: 64 GiB.
    package static let fileBytes: Int64 = 64 << 30
}

/// What a tree may hold before it is refused.
package struct TreeLimits: Hashable, Sendable {
    /// Files, folders and links together.
    package var entries: Int
    /// Bytes of all files together.
    package var bytes: Int
    /// Bytes of the listing text.
    package var listingBytes: Int
    /// Bytes of a path, of a link's target, and of one component of either.
    package var pathBytes: Int
    package var componentBytes: Int
    /// Components of a path.
    package var depth: Int

    package init(
        entries: Int = 200_000, bytes: Int = 16 << 30, listingBytes: Int = 64 << 20, pathBytes: Int = 1024,
        componentBytes: Int = 255, depth: Int = 64
    ) {
        self.entries = entries
        self.bytes = bytes
        self.listingBytes = listingBytes
        self.pathBytes = pathBytes
        self.componentBytes = componentBytes
        self.depth = depth
    }
}
