import Primitives

/// A file with its deflated parts expanded, so that it can be patched, and what makes the file again from that.
///
/// The expanded bytes are the file's own, with each deflated stream replaced by what it stands for and without the
/// checksum and length behind it where those follow from it.
package struct Expansion: Equatable, Sendable {
    package let bytes: [UInt8]
    package let recipe: [UInt8]

    /// More than the tables of a search for matches or of Huffman codes take.
    private static let tableBytes = 512 << 10

    /// Expands a gzip or zip file. Nil when it should be left alone: it is neither, or too large, or no deflated part of
    /// it can be made again from a recipe that is small enough. What is returned has been contracted, and was `file`.
    package static func expand(_ file: [UInt8], limits: ExpansionLimits = ExpansionLimits()) -> Expansion? {
        let expansion = file.withUnsafeBufferPointer { buffer -> Expansion? in
            guard var expander = Expander(buffer, makesRecipes: true, limits) else { return nil }
            expander.run()
            return expander.expansion
        }
        guard let expansion, (try? expansion.contract(limits: limits)) == file else { return nil }
        return expansion
    }

    /// The file with every deflated part expanded, whether or not it could be made again: what the old file of a patch
    /// is taken for, on both sides. Nil when there is nothing to expand.
    package static func inflate(_ file: [UInt8], limits: ExpansionLimits = ExpansionLimits()) -> [UInt8]? {
        file.withUnsafeBufferPointer { buffer in
            guard var expander = Expander(buffer, makesRecipes: false, limits) else { return nil }
            expander.run()
            // Copied, since the array that grew has room for more.
            return expander.inflated?.withUnsafeBufferPointer { Array($0) }
        }
    }

    /// The file that `expanded` and `recipe` were made from.
    ///
    /// - Throws: `corruptRecipe`, `corruptStream`, `tooLarge` or `tooMuchWork`, whatever the bytes are.
    package static func contract(
        _ expanded: [UInt8], recipe: [UInt8], limits: ExpansionLimits = ExpansionLimits()
    ) throws(DeflatingFault) -> [UInt8] {
        var work = limits.work
        return try contract(expanded, recipe: recipe, limits: limits, work: &work)
    }

    /// The same, when several files together have an allowance of work: what this one costs is taken off it.
    package static func contract(
        _ expanded: [UInt8], recipe: [UInt8], limits: ExpansionLimits, work: inout Int
    ) throws(DeflatingFault) -> [UInt8] {
        guard expanded.count <= limits.expandedBytes else {
            throw DeflatingFault(
                .tooLarge, found: "\(expanded.count) bytes", expected: "\(limits.expandedBytes) at most")
        }
        return try expanded.withUnsafeBufferPointer { buffer throws(DeflatingFault) in
            var contractor = Contractor(buffer, limits, work: work)
            let before = contractor.work
            defer { work -= before - contractor.work }
            return try contractor.run(recipe)
        }
    }

    /// Bytes of memory that `contract` takes besides the expanded bytes: the file, and its newest part while that grows;
    /// the recipe, and corrections of up to 32 bytes for each of its own; a block, as tokens and coded; tables.
    package static func contractionMemory(expanded: Int, file: Int, recipe: Int) -> Int {
        3 * file + 33 * recipe + 16 * min(expanded, OpenBlock.mostTokens) + tableBytes
    }

    /// Bytes of memory that `inflate` takes, besides the file, while what it returns grows; that has no more than its size
    /// in the end.
    package static func inflationMemory(_ inflated: Int) -> Int { 3 * inflated + tableBytes }

    private func contract(limits: ExpansionLimits) throws(DeflatingFault) -> [UInt8] {
        try Self.contract(bytes, recipe: recipe, limits: limits)
    }
}
