import Releases

/// What applying a patch may cost before it is refused.
package struct PatchLimits: Sendable {
    /// Of the new tree, and of the paths that renames make.
    package var tree: TreeLimits
    /// Bytes of memory besides the two listings and the plan.
    package var memory: Int
    /// Bytes of the plan, unpacked.
    package var planBytes: Int
    /// Candidates that the search for matches may look at while deflated files are made again: some minutes.
    package var deflatingWork: Int

    package init(
        tree: TreeLimits = TreeLimits(), memory: Int = 512 << 20, planBytes: Int = 32 << 20,
        deflatingWork: Int = 1 << 36
    ) {
        self.tree = tree
        self.memory = memory
        self.planBytes = planBytes
        self.deflatingWork = deflatingWork
    }
}
