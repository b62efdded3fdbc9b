import FoundationEssentials
import Primitives
import Releases
import Signatures

/// One change of the installed release, from its choice to its commit.
package struct UpdateStep: Hashable, Sendable {
    package enum Kind: String, CaseIterable, Sendable {
        case update
        /// Back to a release that was installed before: by the administrator's wish, or because `cause` says so.
        case revert
    }

    /// What has to happen to the instance's data on the way back from the newer one of the two releases.
    package enum Return: String, CaseIterable, Sendable {
        /// Nothing: the older release works with them as they are.
        case free
        /// The newer release's own program changes them back.
        case undo
        /// There is no way back.
        case none
    }

    package let kind: Kind
    /// Nil when nothing was installed, or nobody knows what.
    package let from: Version?
    package let to: Version
    /// Digest of the listing of `to`.
    package let tree: Digest
    /// Of `from`; nil like it.
    package let fromTree: Digest?
    /// Of an update: what an undoing of it would take. Of a revert: what it takes.
    package let `return`: Return
    /// Why the agent goes back by itself; nil where that is the administrator's wish.
    package let cause: Trouble?

    package init(
        _ kind: Kind, from: Version?, to: Version, tree: Digest, fromTree: Digest? = nil, return: Return = .free,
        cause: Trouble? = nil
    ) {
        self.kind = kind
        self.from = from
        self.to = to
        self.tree = tree
        self.fromTree = fromTree
        self.return = `return`
        self.cause = cause
    }

    /// The same, but nobody touches data on its way back.
    var keepingData: UpdateStep {
        UpdateStep(kind, from: from, to: to, tree: tree, fromTree: fromTree, return: .free, cause: cause)
    }

    /// The way back after `trouble`; nil when there is none, as from a release that was only mended. Before the migration has
    /// begun nothing needs undoing.
    func undoing(because trouble: Trouble) -> UpdateStep? {
        let `return` = trouble.stage.isBeforeMigration ? Return.free : self.return
        guard kind == .update, let from, from != to, let fromTree, `return` != .none else { return nil }
        return UpdateStep(
            .revert, from: to, to: from, tree: fromTree, fromTree: tree, return: `return`, cause: trouble)
    }
}

/// Something that was to be done around a switch, and did not succeed.
package struct Trouble: Hashable, Sendable {
    package let stage: StateName
    /// One line for people: what a program said last.
    package let text: ByteString
    /// The agent itself was stopped there, time and again.
    package let isInterruption: Bool

    /// Bytes.
    package static let limit = 1000

    /// Takes of `text` what fits and can be shown on a line.
    package init(at stage: StateName, _ text: String, isInterruption: Bool = false) {
        self.stage = stage
        self.isInterruption = isInterruption
        self.text = Self.line(text)
    }

    fileprivate static func line(_ text: String) -> ByteString {
        var line = ""
        for scalar in text.unicodeScalars {
            let shown = scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value) ? " " : scalar
            guard line.utf8.count + UTF8.width(shown) <= limit else { break }
            line.unicodeScalars.append(shown)
        }
        return ByteString(line)
    }
}

/// A release that is to be installed, but not yet.
package struct Waiting: Hashable, Sendable {
    package let version: Version
    package let reason: WaitReason
    /// When it ends by itself; nil when that takes somebody, or nobody knows.
    package let until: Date?
    /// Its tree stands here, verified.
    package let isReady: Bool
    /// One line for people: what who keeps it waiting said; nil when nobody said anything.
    package let said: ByteString?

    /// Takes of `said` what fits and can be shown on a line.
    package init(
        _ version: Version, _ reason: WaitReason, until: Date? = nil, isReady: Bool = false, said: String? = nil
    ) {
        self.version = version
        self.reason = reason
        self.until = until
        self.isReady = isReady
        self.said = said.map { Trouble.line($0) }
    }
}

package enum WaitReason: String, CaseIterable, Sendable {
    /// The administrator stopped all updates for a while.
    case hold
    /// It has not been public for long enough.
    case holdBack = "hold-back"
    /// Others come first.
    case rollout
    /// This is not the time of day, or the day.
    case window
    /// Somebody has to say `approve`.
    case approval
    /// Its migration cannot be undone: somebody has to say `approve`.
    case irreversible
    /// Another node has the lock.
    case lock
}
