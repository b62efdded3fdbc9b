/// Says which token zlib or gzip would write next, whatever was really written before.
struct TokenPredictor: ~Copyable {
    /// A match of three bytes from farther away than that costs more than its bytes.
    private static let tooFar = 4096

    private let strategy: DeflateParameters.Strategy
    private let isFiltered: Bool
    private let effort: SearchEffort
    private var finder: MatchFinder
    /// Where the next token begins.
    private(set) var position = 0
    /// The match at `position` when the search for a better one than the last has found it already.
    private var waiting: MatchFinder.Match?
    private var predicted = Token.literal
    private var gzipBuffer: GzipBuffer?

    /// `data` must outlive the predictor.
    init(_ data: UnsafeBufferPointer<UInt8>, _ parameters: DeflateParameters) {
        strategy = parameters.strategy
        isFiltered = parameters.isFiltered
        effort =
            switch parameters.strategy {
            case .level(let level): SearchEffort(level: level)
            case .runs, .literals: SearchEffort(level: 1)
            }
        finder = MatchFinder(data, parameters, effort)
        gzipBuffer = parameters.splitting == .gzip ? GzipBuffer(count: data.count) : nil
    }

    /// The first byte that gzip has in its buffer; nil for zlib.
    var gzipBufferStart: Int? { gzipBuffer?.start }

    /// Candidates looked at so far.
    var work: Int { finder.work }
    var isLazy: Bool { effort.isLazy }

    /// The token at `position`. Call `commit` after it.
    @inline(__always)
    mutating func predict() -> Token {
        switch strategy {
        case .level: predicted = effort.isLazy ? lazyToken() : greedyToken()
        case .runs:
            let run = finder.run(at: position)
            predicted = run >= 3 ? Token(length: run, distance: 1) : .literal
        case .literals: predicted = .literal
        }
        return predicted
    }

    private mutating func greedyToken() -> Token {
        let match = match(at: position, longerThan: 2)
        return match.length >= 3 ? Token(length: match.length, distance: match.distance) : .literal
    }

    /// A match is taken only when there is none that is longer one byte later.
    private mutating func lazyToken() -> Token {
        let match = waiting ?? worthwhile(at: position, longerThan: 2)
        waiting = nil
        guard match.length >= 3 else { return .literal }
        if match.length < effort.lazy {
            let next = worthwhile(at: position &+ 1, longerThan: match.length)
            if next.length > match.length {
                waiting = next
                return .literal
            }
        } else {
            gzipBuffer?.advance(to: position &+ 1)
        }
        return Token(length: match.length, distance: match.distance)
    }

    @inline(__always)
    private mutating func worthwhile(at position: Int, longerThan least: Int) -> MatchFinder.Match {
        let match = match(at: position, longerThan: least)
        let isShort = match.length <= 5 && (isFiltered || (match.length == 3 && match.distance > Self.tooFar))
        return isShort ? .none : match
    }

    @inline(__always)
    private mutating func match(at position: Int, longerThan least: Int) -> MatchFinder.Match {
        if gzipBuffer != nil {
            gzipBuffer?.advance(to: position)
            if gzipBuffer?.mayMatch(at: position) == false {
                finder.insert(before: position &+ 1)
                return .none
            }
        }
        return finder.longestMatch(at: position, longerThan: least)
    }

    /// Goes on behind `token`, which was written at `position` and does not reach beyond the data.
    @inline(__always)
    mutating func commit(_ token: Token) {
        if token != predicted { waiting = nil }
        position &+= token.count
        guard case .level = strategy, !token.isLiteral else { return }
        if effort.isLazy || token.count <= effort.lazy {
            finder.insert(before: position)
        } else {
            // The first byte of a match is always entered.
            finder.insert(before: position &- token.count &+ 1)
            finder.skip(to: position)
        }
    }
}
