import Deflating

/// Bytes of memory that transformed edits take. The encoder states it and the decoder holds itself to it, by the same sums.
enum TransformMemory {
    /// While an old file is transformed. Afterwards only the expanded one is held.
    static func old(file: Int, expanded: Int) -> Int { file + Expansion.inflationMemory(expanded) }

    /// The largest file that may come of an old one.
    static func mostExpanded(file: Int, memory: Int) -> Int {
        max(0, (memory - old(file: file, expanded: 0)) / (old(file: 0, expanded: 1) - old(file: 0, expanded: 0)))
    }

    /// While a new file of these sizes is made of what is expanded, with that and the `old` bytes of its reference in
    /// memory. `recipe` is of an expanded file.
    static func new(old: Int, expanded: Int, file: Int, recipe: Int) -> Int {
        old + expanded + Expansion.contractionMemory(expanded: expanded, file: file, recipe: recipe)
    }
}

/// Sizes of the files of a transformed edit.
struct TransformedSizes: Sendable {
    let old: Int
    let oldExpanded: Int
    let new: Int
}

extension FinishedEdit {
    /// Bytes that a decoder holds for this edit from beginning to end, as part of the text's dictionary.
    var heldMemory: Int { encoded.method == .text ? sizes?.oldExpanded ?? 0 : 0 }

    /// Bytes that a decoder needs while it makes this edit, or opens its old file.
    var memory: Int {
        guard let sizes else { return encoded.memory }
        return max(
            memoryBeforeDeflating,
            TransformMemory.new(
                old: sizes.oldExpanded, expanded: expandedSize, file: sizes.new, recipe: recipe.count))
    }

    /// The same, but for what deflating it takes beside other edits.
    var memoryBesideDeflating: Int { transform == .expanded ? memoryBeforeDeflating : memory }

    private var memoryBeforeDeflating: Int {
        guard let sizes else { return encoded.memory }
        return max(
            TransformMemory.old(file: sizes.old, expanded: max(sizes.old, sizes.oldExpanded)),
            sizes.oldExpanded + expandedSize + encoded.memory)
    }

    /// Bytes that deflating this takes beside other edits: its old file is not needed any more.
    var deflatingMemory: Int {
        guard transform == .expanded, let sizes else { return 0 }
        return TransformMemory.new(old: 0, expanded: expandedSize, file: sizes.new, recipe: recipe.count)
    }
}
