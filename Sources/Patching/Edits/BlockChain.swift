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
        pieces.reserveCapacity(chained.reduce(0) { $1 ? $0 &+ 1 : $0 })
        var end = 0
        for index in blocks.indices where chained[index] {
            let start = max(blocks[index].old, end)
            guard start < blocks[index].oldEnd else { continue }
            end = blocks[index].oldEnd
            pieces.append(Piece(start: start, end: end, shift: blocks[index].shift))
        }
        fill(blocks, chained)
    }

    /// For each block whether it belongs to the chain.
    private static func heaviestChain(_ blocks: [Block]) -> [Bool] {
        // The end in the upper half, the block in the lower.
        var order = blocks.indices.map { UInt64(blocks[$0].oldEnd) << 32 | UInt64($0) }
        order.sortByUpperHalves()
        let shelves = Shelves(order.count) { Int(order[$0] >> 32) }
        var rank = [UInt32](repeating: 0, count: blocks.count)
        for position in order.indices { rank[Int(order[position] & 0xFFFF_FFFF)] = UInt32(position) }
        // All lengths together are no more than the new file, below 2^31.
        var weights = [UInt32](repeating: 0, count: blocks.count)
        var previous = [Int32](repeating: -1, count: blocks.count)
        var tree = MaximaTree(blocks.count)
        var best: Int32 = -1
        for (index, block) in blocks.enumerated() {
            let limit = block.old &+ min(block.length / 2, tolerance) &+ 1
            let before = tree.heaviest(upTo: shelves.count(below: limit) { Int(order[$0] >> 32) })
            weights[index] = UInt32(truncatingIfNeeded: block.length) &+ (before < 0 ? 0 : weights[Int(before)])
            previous[index] = before
            tree.add(Int32(index), weight: weights[index], at: Int(rank[index]))
            if best < 0 || weights[index] > weights[Int(best)] { best = Int32(index) }
        }
        var chained = [Bool](repeating: false, count: blocks.count)
        while best >= 0 {
            chained[Int(best)] = true
            best = previous[Int(best)]
        }
        return chained
    }

    /// The longest block first; each takes what is free of it.
    private mutating func fill(_ blocks: [Block], _ chained: [Bool]) {
        // The longest first: its length turned over in the upper half, the block in the lower.
        let isBeside = { (index: Int) in !chained[index] && blocks[index].length >= Self.shortestBeside }
        var beside: [UInt64] = []
        beside.reserveCapacity(blocks.indices.reduce(0) { isBeside($1) ? $0 &+ 1 : $0 })
        for index in blocks.indices where isBeside(index) {
            beside.append(UInt64(UInt32.max &- UInt32(truncatingIfNeeded: blocks[index].length)) << 32 | UInt64(index))
        }
        beside.sortByUpperHalves()
        guard !beside.isEmpty else { return }
        var edges: [UInt32] = []
        edges.reserveCapacity((pieces.count &+ beside.count) &* 2)
        func add(_ start: Int, _ end: Int) {
            edges.append(UInt32(truncatingIfNeeded: start))
            edges.append(UInt32(truncatingIfNeeded: end))
        }
        for piece in pieces { add(piece.start, piece.end) }
        for key in beside { add(blocks[Int(key & 0xFFFF_FFFF)].old, blocks[Int(key & 0xFFFF_FFFF)].oldEnd) }
        var paint = Painter(edges: edges)
        edges = []
        for piece in pieces { paint.fill(from: piece.start, to: piece.end, with: piece.shift) }
        pieces = []
        for key in beside {
            let block = blocks[Int(key & 0xFFFF_FFFF)]
            paint.fill(from: block.old, to: block.oldEnd, with: block.shift)
        }
        beside = []
        pieces = paint.pieces
    }
}

/// The heaviest of the first so many blocks, of two that weigh the same the earlier one. A tree of prefix maxima (Fenwick).
private struct MaximaTree {
    private var nodes: [(weight: UInt32, block: Int32)]

    init(_ count: Int) { nodes = Array(repeating: (0, -1), count: count + 1) }

    mutating func add(_ block: Int32, weight: UInt32, at position: Int) {
        var node = position &+ 1
        while node < nodes.count {
            // What comes above this node weighs no less than it.
            guard weight > nodes[node].weight else { return }
            nodes[node] = (weight, block)
            node &+= node & -node
        }
    }

    func heaviest(upTo position: Int) -> Int32 {
        var node = position
        var best: (weight: UInt32, block: Int32) = (0, -1)
        while node > 0 {
            if nodes[node].weight > best.weight { best = nodes[node] }
            node &-= node & -node
        }
        return best.block
    }
}

/// The cells between edges, each painted once; what is painted already is passed over in (nearly) no time.
private struct Painter {
    private let edges: [UInt32]
    private let shelves: Shelves
    private var colours: [Int32]
    /// The next cell that may be free, from each cell on.
    private var next: [Int32]

    private static let free = Int32.min

    init(edges: consuming [UInt32]) {
        var sorted = edges
        sorted.sortByBits()
        var kept = 0
        for index in sorted.indices where kept == 0 || sorted[kept &- 1] != sorted[index] {
            sorted[kept] = sorted[index]
            kept &+= 1
        }
        sorted.removeLast(sorted.count &- kept)
        self.edges = sorted
        shelves = Shelves(sorted.count) { Int(sorted[$0]) }
        colours = Array(repeating: Self.free, count: kept)
        next = (0...Int32(truncatingIfNeeded: kept)).map { $0 }
    }

    private var pieceCount: Int {
        edges.indices.dropLast().reduce(0) { count, cell in
            let isNew = colours[cell] != Self.free && (cell == 0 || colours[cell &- 1] != colours[cell])
            return isNew ? count &+ 1 : count
        }
    }

    /// Neighbours of one colour are one piece.
    var pieces: [BlockChain.Piece] {
        var pieces: [BlockChain.Piece] = []
        pieces.reserveCapacity(pieceCount)
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
        let last = shelves.count(below: end) { Int(edges[$0]) }
        var cell = firstFree(from: shelves.count(below: start) { Int(edges[$0]) })
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
