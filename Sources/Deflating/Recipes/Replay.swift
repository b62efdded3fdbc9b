import Primitives

/// Who says what really comes where zlib or gzip would do what is predicted.
protocol ReplayChoices {
    /// Token number `index`, which begins at `position` with `left` bytes of data left; it reaches no farther, and its
    /// distance is not larger than `position`.
    mutating func token(_ predicted: Token, index: Int, position: Int, left: Int) throws(DeflatingFault) -> Token
    /// How many blocks end when `index` tokens have come, up to `position` in the data.
    mutating func ends(_ predicted: Int, index: Int, position: Int) throws(DeflatingFault) -> Int
    /// How block number `index` is coded.
    mutating func form(_ plan: BlockPlan, index: Int) throws(DeflatingFault) -> BlockForm
    /// Whether anybody wants to know how blocks are coded. Without, `form` is not asked and nothing can be written.
    var needsForms: Bool { get }
    /// Whether there is no use in going on.
    var hasSeenEnough: Bool { get }
}

/// Goes through the data as zlib or gzip would, and lets `Choices` do otherwise at each step. Recipes are made and used
/// by this one piece of code, so that both predict the same.
struct Replay<Choices: ReplayChoices>: ~Copyable {
    /// What coding a block costs beside its tokens, in candidates looked at.
    private static var workPerBlock: Int { 1 << 13 }
    private let data: UnsafeBufferPointer<UInt8>
    private let parameters: DeflateParameters
    private let splitter: BlockSplitter
    private let workLimit: Int
    private let byteLimit: Int
    private var predictor: TokenPredictor
    private var block = OpenBlock()
    private var tokenCount = 0
    private var blockCount = 0
    private(set) var choices: Choices
    private(set) var writer: BlockWriter?

    /// What it has cost so far, in candidates looked at.
    var work: Int { predictor.work &+ blockCount &* Self.workPerBlock }

    /// `data` must outlive the replay. Without `writing`, no stream is made.
    init(
        _ data: UnsafeBufferPointer<UInt8>, _ parameters: DeflateParameters, _ choices: Choices, writing: Bool,
        byteLimit: Int, workLimit: Int
    ) {
        self.data = data
        self.parameters = parameters
        self.choices = choices
        self.byteLimit = byteLimit
        splitter = BlockSplitter(parameters)
        self.workLimit = workLimit
        predictor = TokenPredictor(data, parameters)
        writer = writing ? BlockWriter() : nil
    }

    /// Goes to the end of the data.
    mutating func run() throws(DeflatingFault) {
        try endBlocks(predicted: data.isEmpty ? 1 : 0, lastToken: .literal)
        while predictor.position < data.count, !choices.hasSeenEnough {
            let position = predictor.position
            let token = try choices.token(
                predictor.predict(), index: tokenCount, position: position, left: data.count &- position)
            predictor.commit(token)
            block.append(token, data[position])
            tokenCount &+= 1
            guard work <= workLimit, block.tokens.count <= OpenBlock.mostTokens else {
                throw DeflatingFault(.tooMuchWork)
            }
            let isEnd = predictor.position == data.count
            let predicted =
                isEnd ? splitter.endsOfData(block, lastToken: token) : splitter.ends(block, lastToken: token)
            try endBlocks(predicted: predicted, lastToken: token)
        }
    }

    @inline(__always)
    private mutating func endBlocks(predicted: Int, lastToken: Token) throws(DeflatingFault) {
        let count = try choices.ends(predicted, index: tokenCount, position: predictor.position)
        let isEnd = predictor.position == data.count
        guard !isEnd || count > 0 else { throw DeflatingFault(.corruptRecipe, found: "a stream without an end") }
        for number in 0..<count { try endBlock(isLast: isEnd && number == count - 1, lastToken) }
    }

    private mutating func endBlock(isLast: Bool, _ lastToken: Token) throws(DeflatingFault) {
        defer { block.startNext() }
        blockCount &+= 1
        guard work <= workLimit else { throw DeflatingFault(.tooMuchWork) }
        guard choices.needsForms else { return }
        let canBeStored = splitter.canBeStored(
            block, lastToken: lastToken, windowBits: parameters.windowBits, bufferStart: predictor.gzipBufferStart)
        let plan = BlockPlan(block, usesFixedCodes: parameters.usesFixedCodes, canBeStored: canBeStored)
        try write(choices.form(plan, index: blockCount &- 1), plan, isLast: isLast)
    }

    private mutating func write(_ form: BlockForm, _ plan: BlockPlan, isLast: Bool) throws(DeflatingFault) {
        guard var writer else { return }
        // Otherwise the bytes would be copied.
        self.writer = nil
        defer { self.writer = writer }
        switch form {
        case .stored:
            writer.begin(.stored, isLast: isLast)
            try writer.store(UnsafeBufferPointer(rebasing: data[block.start..<block.end]))
        case .fixed:
            writer.begin(.fixed, isLast: isLast)
            try writer.write(block, data, BlockHeader.fixed.literals, BlockHeader.fixed.distances)
        case .dynamic:
            writer.begin(.dynamic, isLast: isLast)
            writer.writeHeader(plan.codes)
            try writer.write(block, data, plan.codes.literals, plan.codes.distances)
        case .header(let bytes, let bitCount):
            let header = try BlockHeader(bytes, bitCount: bitCount)
            writer.begin(.dynamic, isLast: isLast)
            writer.write(bytes, count: bitCount)
            try writer.write(block, data, header.literals, header.distances)
        }
        guard writer.bytes.count <= byteLimit else {
            throw DeflatingFault(.tooLarge, expected: "\(byteLimit) bytes at most")
        }
    }

    /// The stream that was made, up to a whole byte.
    mutating func finish() -> [UInt8] {
        writer?.finish()
        return writer?.bytes ?? []
    }
}
