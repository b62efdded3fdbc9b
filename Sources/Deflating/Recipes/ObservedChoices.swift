/// The choices of a real stream; where they are not the predicted ones becomes a recipe.
struct ObservedChoices: ReplayChoices {
    private let stream: InflatedStream
    private let deflated: UnsafeBufferPointer<UInt8>
    private let stopAfter: Int
    private let mostCorrections: Int
    private(set) var recipe: DeflateRecipe
    private var nextToken = 0
    private var nextBlock = 0
    private(set) var hasSeenEnough = false
    /// A sample is for the tokens only.
    var needsForms: Bool { stopAfter == .max }

    /// - Parameters:
    ///   - deflated: the bytes that `stream` was read from, in which its headers are; they outlive this.
    ///   - stopAfter: tokens, after which there is no use in going on.
    ///   - mostCorrections: with more of them there is none either.
    init(
        _ stream: InflatedStream, _ deflated: UnsafeBufferPointer<UInt8>, _ parameters: DeflateParameters,
        stopAfter: Int, mostCorrections: Int
    ) {
        self.stream = stream
        self.deflated = deflated
        self.stopAfter = stopAfter
        self.mostCorrections = mostCorrections
        recipe = DeflateRecipe(parameters: parameters)
    }

    @inline(__always)
    mutating func token(_ predicted: Token, index: Int, position: Int, left: Int) -> Token {
        guard nextBlock < stream.blocks.count else { return .literal }
        if stream.blocks[nextBlock].kind == .stored { return storedToken(predicted, index, position) }
        guard nextToken < stream.tokens.count else { return .literal }
        let token = stream.tokens[nextToken]
        nextToken &+= 1
        if token != predicted { note(token, index) }
        if index >= stopAfter { hasSeenEnough = true }
        return token
    }

    /// Nobody knows the tokens that a stored block was made from: any will do that do not reach beyond its end.
    private mutating func storedToken(_ predicted: Token, _ index: Int, _ position: Int) -> Token {
        if predicted.count <= stream.blocks[nextBlock].byteEnd - position { return predicted }
        note(.literal, index)
        return .literal
    }

    private mutating func note(_ token: Token, _ index: Int) {
        recipe.tokens.append(DeflateRecipe.TokenCorrection(index: index, token: token))
        if recipe.tokens.count > mostCorrections { hasSeenEnough = true }
    }

    @inline(__always)
    mutating func ends(_ predicted: Int, index: Int, position: Int) -> Int {
        var count = 0
        while nextBlock &+ count < stream.blocks.count, isEnd(of: stream.blocks[nextBlock &+ count], position) {
            count &+= 1
        }
        if !needsForms { nextBlock &+= count }
        if count != predicted { recipe.ends.append(DeflateRecipe.EndCorrection(index: index, count: count)) }
        return count
    }

    @inline(__always)
    private func isEnd(of block: InflatedBlock, _ position: Int) -> Bool {
        block.kind == .stored ? block.byteEnd == position : block.tokenEnd == nextToken && block.byteEnd == position
    }

    mutating func form(_ plan: BlockPlan, index: Int) -> BlockForm {
        guard nextBlock < stream.blocks.count else { return BlockForm(plan.kind) }
        let block = stream.blocks[nextBlock]
        nextBlock += 1
        var form = BlockForm(block.kind)
        if block.kind == .dynamic {
            let header = BlockForm.header(
                bits(block.header.lowerBound, block.header.count), bitCount: block.header.count)
            if header != plan.codes.header { form = header }
        }
        if form != BlockForm(plan.kind) {
            recipe.blocks.append(DeflateRecipe.BlockCorrection(index: index, form: form))
        }
        return form
    }

    private func bits(_ start: Int, _ count: Int) -> [UInt8] {
        (0..<(count + 7) / 8).map { index in
            let bit = start + 8 * index
            let next = bit / 8 + 1 < deflated.count ? deflated[bit / 8 + 1] : 0
            let pair = UInt16(deflated[bit / 8]) | UInt16(next) << 8
            let byte = UInt8(truncatingIfNeeded: pair >> UInt16(bit & 7))
            let width = min(8, count - 8 * index)
            return width == 8 ? byte : byte & (1 << UInt8(width) - 1)
        }
    }
}
