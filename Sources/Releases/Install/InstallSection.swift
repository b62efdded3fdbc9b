import CanonicalJSON
import Primitives

/// What is to be done on an instance around the switch to a release: the `install` section of `release.json`.
///
/// Everything it runs comes out of the release's own tree, which was verified.
package struct InstallSection: Hashable, Sendable {
    /// Before the switch, while the old release runs: look whether all is well, make a backup.
    package var pre: Hook?
    /// After the switch, with the services stopped: change data to what the new release expects.
    package var migration: Migration?
    /// After the services were started again.
    package var post: Hook?
    /// Whether the release does what it is for; run again until it says so or its time is over.
    package var health: HealthCheck?
    /// systemd units that run the product, in the order in which they are started.
    package var services: [ServiceName] = []
    /// Paths in the tree that are links to the same path below the instance's `shared` folder.
    package var shared: [ByteString] = []
    /// Programs of the machine that the release's own ones need: names, looked for where hooks look for them, or absolute paths.
    package var tools: [ByteString] = []

    package init() {}

    package var isEmpty: Bool { self == InstallSection() }

    /// One program of the release, and how long it may run.
    package struct Hook: Hashable, Sendable {
        /// A path in the tree, and arguments.
        package var run: [ByteString]
        /// 1 to 86,400.
        package var seconds: Int

        package init(_ run: [ByteString], seconds: Int) {
            self.run = run
            self.seconds = seconds
        }
    }

    /// A change of the instance's data, and the way back.
    package struct Migration: Hashable, Sendable {
        package enum Return: Hashable, Sendable {
            /// The release before works with the changed data: nothing needs undoing.
            case compatible
            /// A program that changes the data back.
            case undo(Hook)
            /// There is none. An agent stops before it and asks.
            case none
        }

        package var hook: Hook
        package var `return`: Return

        package init(_ hook: Hook, return: Return) {
            self.hook = hook
            self.return = `return`
        }
    }

    package struct HealthCheck: Hashable, Sendable {
        /// Exit status 0: healthy. Its time is that of one try.
        package var hook: Hook
        /// Seconds between two tries, 1 to 3600.
        package var every: Int
        /// Seconds after which a release that was never healthy counts as broken, 1 to 86,400.
        package var within: Int
        /// So many good answers in a row are needed, 1 to 100: one that comes and goes is none.
        package var inARow: Int

        package init(_ hook: Hook, every: Int = 5, within: Int = 120, inARow: Int = 1) {
            self.hook = hook
            self.every = every
            self.within = within
            self.inARow = inARow
        }
    }
}

/// The name of a systemd unit: nothing that could be an option or a path.
package struct ServiceName: Hashable, Sendable, CustomStringConvertible {
    package let text: ByteString

    package init(_ text: ByteString) throws(ReleaseFault) {
        let isGood = text.bytes.enumerated().allSatisfy { index, byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "@"), UInt8(ascii: ":"), UInt8(ascii: "-"):
                index > 0
            default: false
            }
        }
        guard isGood, (1...200).contains(text.count) else {
            throw ReleaseFault(
                .invalidInstall, found: "the service \"\(text)\"",
                expected: "a systemd unit such as mail-suite.service",
                at: "install")
        }
        self.text = text
    }

    package var description: String { text.description }
}
