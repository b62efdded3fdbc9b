/// Which block an old byte went with: pieces of the old file that do not overlap, each with one shift.
///
/// The heaviest chain of blocks that goes up in both files decides; blocks beside it fill what it leaves, longest first.
/// Derived from the blocks alone, the same on both sides.
struct BlockChain {
    struct Piece: Equatable {
        private var from: Int32
        private var to: Int32
        private var moved: Int32

        init(start: Int, end: Int, shift: Int) {
            from = Int32(truncatingIfNeeded: start)
            to = Int32(truncatingIfNeeded: end)
            moved = Int32(truncatingIfNeeded: shift)
        }

        var start: Int { Int(from) }
        var end: Int { Int(to) }
        var shift: Int { Int(moved) }
    }

    /// Shorter blocks beside the chain say too little about their surroundings.
    private static let shortestBeside = 32
    /// How much of a block's beginning the one before it may overlap.
    private static let tolerance = 16

    private(set) var pieces: [Piece] = []

    init(_ blocks: [Block]) {
        let chained = Self.heaviestChain(blocks)
        var end = 0
        for index in blocks.indices where chained[index] {
            let start = max(blocks[index].old, end)
            guard start < blocks[index].oldEnd else { continue }
            end = blocks[index].oldEnd
            pieces.append(Piece(start: start, end: end, shift: blocks[index].shift))
        }
        fill(blocks.indices.filter { !chained[$0] && blocks[$0].length >= Self.shortestBeside }.map { blocks[$0] })
    }

    /// For each block whether it belongs to the chain. A tree of prefix maxima over the blocks' ends in the old file.
    private static func heaviestChain(_ blocks: [Block]) -> [Bool] {
        let order = blocks.indices.sorted { (blocks[$0].oldEnd, $0) < (blocks[$1].oldEnd, $1) }.map { Int32($0) }
        var rank = [Int32](repeating: 0, count: blocks.count)
        for (position, index) in order.enumerated() { rank[Int(index)] = Int32(position) }
        var weights = [Int](repeating: 0, count: blocks.count)
        var previous = [Int32](repeating: -1, count: blocks.count)
        var tree = [Int32](repeating: -1, count: blocks.count + 1)
        var best: Int32 = -1
        for (index, block) in blocks.enumerated() {
            let limit = block.old &+ min(block.length / 2, tolerance)
            let before = heaviest(tree, weights, upTo: order.binaryCount { blocks[Int($0)].oldEnd <= limit })
            weights[index] = block.length &+ (before < 0 ? 0 : weights[Int(before)])
            previous[index] = before
            var node = Int(rank[index]) &+ 1
            while node <= blocks.count {
                if tree[node] < 0 || weights[index] > weights[Int(tree[node])] { tree[node] = Int32(index) }
                node &+= node & -node
            }
            if best < 0 || weights[index] > weights[Int(best)] { best = Int32(index) }
        }
        var chained = [Bool](repeating: false, count: blocks.count)
        while best >= 0 {
            chained[Int(best)] = true
            best = previous[Int(best)]
        }
        return chained
    }

    private static func heaviest(_ tree: [Int32], _ weights: [Int], upTo position: Int) -> Int32 {
        var node = position
        var best: Int32 = -1
        while node > 0 {
            if tree[node] >= 0, best < 0 || weights[Int(tree[node])] > weights[Int(best)] { best = tree[node] }
            node &-= node & -node
        }
        return best
    }

    /// The longest block first; each takes what is free of it.
    private mutating func fill(_ beside: [Block]) {
        guard !beside.isEmpty else { return }
        var paint = Painter(
            edges: pieces.flatMap { [$0.start, $0.end] } + beside.flatMap { [$0.old, $0.oldEnd] })
        for piece in pieces { paint.fill(from: piece.start, to: piece.end, with: piece.shift) }
        let longestFirst = beside.indices.sorted { (beside[$1].length, $0) < (beside[$0].length, $1) }
        for index in longestFirst {
            paint.fill(from: beside[index].old, to: beside[index].oldEnd, with: beside[index].shift)
        }
        pieces = paint.pieces
    }
}

/// The cells between edges, each painted once; what is painted already is passed over in (nearly) no time.
private struct Painter {
    private let edges: [Int32]
    private var colours: [Int32]
    /// The next cell that may be free, from each cell on.
    private var next: [Int32]

    private static let free = Int32.min

    init(edges: [Int]) {
        var sorted = edges.map { Int32(truncatingIfNeeded: $0) }
        sorted.sort()
        var kept = 0
        for index in sorted.indices where kept == 0 || sorted[kept &- 1] != sorted[index] {
            sorted[kept] = sorted[index]
            kept &+= 1
        }
        sorted.removeLast(sorted.count &- kept)
        self.edges = sorted
        colours = Array(repeating: Self.free, count: kept)
        next = (0...Int32(truncatingIfNeeded: kept)).map { $0 }
    }

    /// Neighbours of one colour are one piece.
    var pieces: [BlockChain.Piece] {
        var pieces: [BlockChain.Piece] = []
        for cell in edges.indices.dropLast() where colours[cell] != Self.free {
            var start = Int(edges[cell])
            if let last = pieces.last, last.end == start, last.shift == Int(colours[cell]) {
                start = last.start
                pieces.removeLast()
            }
            pieces.append(BlockChain.Piece(start: start, end: Int(edges[cell &+ 1]), shift: Int(colours[cell])))
        }
        return pieces
    }

    /// Both are edges.
    mutating func fill(from start: Int, to end: Int, with colour: Int) {
        let last = edges.binaryCount { $0 < end }
        var cell = firstFree(from: edges.binaryCount { $0 < start })
        while cell < last {
            colours[cell] = Int32(truncatingIfNeeded: colour)
            next[cell] = Int32(truncatingIfNeeded: cell &+ 1)
            cell = firstFree(from: cell &+ 1)
        }
    }

    private mutating func firstFree(from cell: Int) -> Int {
        var end = cell
        while end < colours.count, Int(next[end]) != end { end = Int(next[end]) }
        var step = cell
        while step < end {
            let following = Int(next[step])
            next[step] = Int32(truncatingIfNeeded: end)
            step = following
        }
        return end
    }
}
