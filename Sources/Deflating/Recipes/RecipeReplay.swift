import Primitives

extension DeflateRecipe {
    /// The deflated stream of `data`, at most `byteLimit` bytes. What it costs is taken off `work`.
    ///
    /// - Throws: `corruptRecipe` when a correction corrects nothing, cannot be, or comes after the end; `tooMuchWork`.
    func deflate(
        _ data: UnsafeBufferPointer<UInt8>, byteLimit: Int, work: inout Int
    ) throws(DeflatingFault) -> [UInt8] {
        var replay = Replay(
            data, parameters, CorrectedChoices(self), writing: true, byteLimit: byteLimit, workLimit: work)
        try replay.run()
        work -= replay.work
        guard replay.choices.isUsedUp else {
            throw DeflatingFault(.corruptRecipe, found: "a correction behind the end")
        }
        return replay.finish()
    }
}

/// The choices that a recipe has written down.
private struct CorrectedChoices: ReplayChoices {
    private let recipe: DeflateRecipe
    private var (nextToken, nextEnd, nextBlock) = (0, 0, 0)
    /// At which token the next correction is, to ask no more than that for most tokens.
    private var tokenIndex: Int
    private var endIndex: Int

    var needsForms: Bool { true }
    var hasSeenEnough: Bool { false }
    var isUsedUp: Bool {
        nextToken == recipe.tokens.count && nextEnd == recipe.ends.count && nextBlock == recipe.blocks.count
    }

    init(_ recipe: DeflateRecipe) {
        self.recipe = recipe
        tokenIndex = recipe.tokens.first?.index ?? .max
        endIndex = recipe.ends.first?.index ?? .max
    }

    @inline(__always)
    mutating func token(_ predicted: Token, index: Int, position: Int, left: Int) throws(DeflatingFault) -> Token {
        index == tokenIndex ? try correctedToken(predicted, position, left) : predicted
    }

    private mutating func correctedToken(
        _ predicted: Token, _ position: Int, _ left: Int
    ) throws(DeflatingFault) -> Token {
        let token = recipe.tokens[nextToken].token
        nextToken += 1
        tokenIndex = nextToken < recipe.tokens.count ? recipe.tokens[nextToken].index : .max
        guard token != predicted, token.count <= left, token.distance <= position else {
            throw DeflatingFault(.corruptRecipe, found: "a token that cannot be")
        }
        return token
    }

    @inline(__always)
    mutating func ends(_ predicted: Int, index: Int, position: Int) throws(DeflatingFault) -> Int {
        index == endIndex ? try correctedEnds(predicted) : predicted
    }

    private mutating func correctedEnds(_ predicted: Int) throws(DeflatingFault) -> Int {
        let count = recipe.ends[nextEnd].count
        nextEnd += 1
        endIndex = nextEnd < recipe.ends.count ? recipe.ends[nextEnd].index : .max
        guard count != predicted else { throw DeflatingFault(.corruptRecipe, found: "an end that was known") }
        return count
    }

    mutating func form(_ plan: BlockPlan, index: Int) throws(DeflatingFault) -> BlockForm {
        guard nextBlock < recipe.blocks.count, recipe.blocks[nextBlock].index == index else {
            return BlockForm(plan.kind)
        }
        let form = recipe.blocks[nextBlock].form
        nextBlock += 1
        guard form != BlockForm(plan.kind), form != plan.codes.header else {
            throw DeflatingFault(.corruptRecipe, found: "a form that was known")
        }
        return form
    }
}
