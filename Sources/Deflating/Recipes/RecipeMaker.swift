/// Which compressor a container says made a stream.
struct CompressorHint {
    /// Levels in the order in which they are likely.
    var levels = [6, 9, 8, 7, 5, 4, 1, 2, 3]
    var isGzip = false
}

/// Finds the recipe of a deflated stream: what zlib or gzip was told, and what is different nevertheless.
struct RecipeMaker {
    private typealias Change = (inout DeflateParameters) -> Void

    /// Tokens by which parameters are compared.
    private static let sampleTokens = 1 << 14

    private let stream: InflatedStream
    private let deflated: UnsafeBufferPointer<UInt8>
    private let data: UnsafeBufferPointer<UInt8>
    private let limits: ExpansionLimits

    /// `deflated` is what `stream` was read from and `data` what it stands for. Both must outlive the maker.
    init(
        _ stream: InflatedStream, _ deflated: UnsafeBufferPointer<UInt8>, _ data: UnsafeBufferPointer<UInt8>,
        _ limits: ExpansionLimits
    ) {
        self.stream = stream
        self.deflated = deflated
        self.data = data
        self.limits = limits
    }

    /// The shortest recipe found, or nil when none is short enough.
    func recipe(_ hint: CompressorHint) -> DeflateRecipe? {
        let splittings = SplittingGuess(stream, hint).candidates
        let strategies = strategies(hint)
        let parameters = sampled(strategies, splittings[0])
        guard var best = observe(parameters, mostMisses: mostCorrections) else { return nil }
        // What a stored block was made from shows in its length alone.
        let hidesTokens = stream.blocks.contains { $0.kind == .stored }
        for splitting in splittings {
            if !best.ends.isEmpty { improve(&best, by: Self.changes(splitting)) }
            if !best.tokens.isEmpty || (hidesTokens && !best.ends.isEmpty) {
                improve(&best, by: strategies.map(Self.change))
            }
        }
        if !best.tokens.isEmpty { improve(&best, by: rareSettings) }
        if best.blocks.contains(where: { $0.form == .fixed }) { improve(&best, by: [{ $0.usesFixedCodes = true }]) }
        return best
    }

    /// With more of them a recipe is too long.
    private var mostCorrections: Int { stream.byteCount / max(1, limits.recipeDivisor) / 2 + 4 }

    private func strategies(_ hint: CompressorHint) -> [DeflateParameters.Strategy] {
        let levels = hint.levels.map(DeflateParameters.Strategy.level)
        let hasCopies = stream.tokens.contains { !$0.isLiteral }
        let hasOnlyRuns = stream.tokens.allSatisfy { $0.isLiteral || $0.distance == 1 }
        return levels + (hasCopies ? [] : [.literals]) + (hasOnlyRuns ? [.runs] : [])
    }

    // MARK: comparing by the first tokens

    /// The parameters that predict the first tokens best.
    private func sampled(
        _ strategies: [DeflateParameters.Strategy], _ splitting: DeflateParameters.Splitting
    ) -> DeflateParameters {
        var parameters = DeflateParameters()
        parameters.windowBits = smallestWindow
        parameters.splitting = splitting
        if case .zlib(let bits) = splitting { parameters.hashBits = bits + 1 }
        var best = (parameters: parameters, misses: Int.max)
        let levels = strategies.map(Self.change)
        sample(&best, levels)
        let misses = best.misses
        sample(&best, rareSettings)
        // With another hash or window, another level may be the right one.
        if best.misses < misses { sample(&best, levels) }
        return best.parameters
    }

    private func sample(
        _ best: inout (parameters: DeflateParameters, misses: Int), _ changes: [Change]
    ) {
        for change in changes where best.misses > 0 {
            var parameters = best.parameters
            change(&parameters)
            let most = best.misses == .max ? Self.sampleTokens : best.misses - 1
            guard let recipe = observe(parameters, stopAfter: Self.sampleTokens, mostMisses: most) else { continue }
            best = (parameters, recipe.tokens.count)
        }
    }

    /// What zlib is told rarely.
    private var rareSettings: [Change] {
        let windows = (9...15).filter { farthest <= 1 << $0 - 262 }
        return windows.map { bits in { $0.windowBits = bits } } + [{ $0.isFiltered = true }]
            + [16, 15, 14, 13, 12, 11, 10, 9, 8].map { bits in { $0.hashBits = bits } }
    }

    /// The largest distance of a copy.
    private var farthest: Int { stream.tokens.lazy.map(\.distance).max() ?? 0 }

    /// In much more data than a window has, some of many copies is likely to come from the window's far end.
    private var smallestWindow: Int {
        let copies = stream.tokens.count { !$0.isLiteral }
        guard copies > stream.tokens.count / 64, copies > 64 else { return 15 }
        let farthest = farthest
        return (9...14).first { farthest <= 1 << $0 - 262 && data.count > 4 << $0 } ?? 15
    }

    private static func change(_ strategy: DeflateParameters.Strategy) -> Change { { $0.strategy = strategy } }

    /// zlib's block length and the size of its hash table are set together.
    private static func changes(_ splitting: DeflateParameters.Splitting) -> [Change] {
        var changes: [Change] = [{ $0.splitting = splitting }]
        if case .zlib(let bits) = splitting {
            changes.append {
                $0.splitting = splitting
                $0.hashBits = bits + 1
            }
        }
        return changes
    }

    // MARK: comparing by all tokens

    private func improve(_ best: inout DeflateRecipe, by changes: [Change]) {
        for change in changes where !best.isExact {
            var parameters = best.parameters
            change(&parameters)
            guard parameters != best.parameters, let other = observe(parameters, mostMisses: best.tokens.count),
                other.corrections < best.corrections
            else { continue }
            best = other
        }
    }

    /// The recipe with these parameters, or nil when it corrects more than `mostMisses` tokens.
    private func observe(
        _ parameters: DeflateParameters, stopAfter: Int = .max, mostMisses: Int
    ) -> DeflateRecipe? {
        var replay = Replay(
            data, parameters,
            ObservedChoices(stream, deflated, parameters, stopAfter: stopAfter, mostCorrections: mostMisses),
            writing: false, byteLimit: .max, workLimit: limits.work(data.count))
        guard (try? replay.run()) != nil else { return nil }
        let recipe = replay.choices.recipe
        return recipe.tokens.count <= mostMisses ? recipe : nil
    }
}

extension DeflateRecipe {
    fileprivate var corrections: Int { tokens.count + ends.count + blocks.count }
}
