import Primitives
import Releases
import Signatures

/// One change of the installed release, from its choice to its commit.
package struct UpdateStep: Hashable, Sendable {
    package enum Kind: String, CaseIterable, Sendable {
        case update
        /// Back to a release that was installed before, by the administrator's wish.
        case revert
    }

    package let kind: Kind
    /// Nil when nothing was installed, or nobody knows what.
    package let from: Version?
    package let to: Version
    /// Digest of the listing of `to`.
    package let tree: Digest

    package init(_ kind: Kind, from: Version?, to: Version, tree: Digest) {
        self.kind = kind
        self.from = from
        self.to = to
        self.tree = tree
    }
}
