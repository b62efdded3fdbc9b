import Releases

/// What applying a patch may cost before it is refused.
package struct PatchLimits: Sendable {
    /// Of the new tree, and of the paths that renames make.
    package var tree: TreeLimits
    /// Bytes of memory besides the two listings and the plan.
    package var memory: Int
    /// Bytes of the plan, unpacked.
    package var planBytes: Int

    package init(tree: TreeLimits = TreeLimits(), memory: Int = 512 << 20, planBytes: Int = 32 << 20) {
        self.tree = tree
        self.memory = memory
        self.planBytes = planBytes
    }
}
