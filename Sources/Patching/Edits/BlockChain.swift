/// Which block an old byte went with: pieces of the old file that do not overlap, each with one shift.
///
/// The heaviest chain of blocks that goes up in both files decides; blocks beside it fill what it leaves, longest first.
/// Derived from the blocks alone, the same on both sides.
struct BlockChain {
    struct Piece: Equatable {
        var start: Int
        var end: Int
        var shift: Int
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
        let order = blocks.indices.sorted { (blocks[$0].oldEnd, $0) < (blocks[$1].oldEnd, $1) }
        let ends = order.map { blocks[$0].oldEnd }
        var rank = [Int](repeating: 0, count: blocks.count)
        for (position, index) in order.enumerated() { rank[index] = position }
        var weights = [Int](repeating: 0, count: blocks.count)
        var previous = [Int](repeating: -1, count: blocks.count)
        var tree = [Int](repeating: -1, count: blocks.count + 1)
        var best = -1
        for (index, block) in blocks.enumerated() {
            let before = heaviest(
                tree, weights, upTo: count(ends, atMost: block.old &+ min(block.length / 2, tolerance)))
            weights[index] = block.length &+ (before < 0 ? 0 : weights[before])
            previous[index] = before
            var node = rank[index] &+ 1
            while node <= blocks.count {
                if tree[node] < 0 || weights[index] > weights[tree[node]] { tree[node] = index }
                node &+= node & -node
            }
            if best < 0 || weights[index] > weights[best] { best = index }
        }
        var chained = [Bool](repeating: false, count: blocks.count)
        while best >= 0 {
            chained[best] = true
            best = previous[best]
        }
        return chained
    }

    private static func heaviest(_ tree: [Int], _ weights: [Int], upTo position: Int) -> Int {
        var node = position
        var best = -1
        while node > 0 {
            if tree[node] >= 0, best < 0 || weights[tree[node]] > weights[best] { best = tree[node] }
            node &-= node & -node
        }
        return best
    }

    private static func count(_ sorted: [Int], atMost limit: Int) -> Int {
        var low = 0
        var high = sorted.count
        while low < high {
            let middle = (low &+ high) >> 1
            if sorted[middle] <= limit { low = middle &+ 1 } else { high = middle }
        }
        return low
    }

    /// The longest block first; each takes what is free of it. Painted backwards, the shortest first, over a sorted list of cuts.
    private mutating func fill(_ beside: [Block]) {
        guard !beside.isEmpty else { return }
        var cuts = Set<Int>()
        for block in beside {
            cuts.insert(block.old)
            cuts.insert(block.oldEnd)
        }
        for piece in pieces {
            cuts.insert(piece.start)
            cuts.insert(piece.end)
        }
        let edges = cuts.sorted()
        var place: [Int: Int] = [:]
        for (index, edge) in edges.enumerated() { place[edge] = index }
        var paint = Painter(cells: edges.count)
        func take(_ start: Int, _ end: Int, _ shift: Int) {
            guard let from = place[start], let to = place[end] else { return }
            paint.fill(from..<to, with: shift)
        }
        for piece in pieces { take(piece.start, piece.end, piece.shift) }
        for block in beside.enumerated().sorted(by: { ($1.element.length, $0.offset) < ($0.element.length, $1.offset) })
        {
            take(block.element.old, block.element.oldEnd, block.element.shift)
        }
        pieces = []
        for index in edges.indices.dropLast() {
            guard let shift = paint.colours[index] else { continue }
            if let last = pieces.last, last.end == edges[index], last.shift == shift {
                pieces[pieces.count - 1].end = edges[index + 1]
            } else {
                pieces.append(Piece(start: edges[index], end: edges[index + 1], shift: shift))
            }
        }
    }
}

/// Cells that are painted once; what is painted already is passed over in (nearly) no time.
private struct Painter {
    private(set) var colours: [Int?]
    /// The next cell that may be free, from each cell on.
    private var next: [Int]

    init(cells: Int) {
        colours = Array(repeating: nil, count: cells)
        next = Array(0...cells)
    }

    mutating func fill(_ range: Range<Int>, with colour: Int) {
        var cell = free(from: range.lowerBound)
        while cell < range.upperBound {
            colours[cell] = colour
            next[cell] = cell + 1
            cell = free(from: cell + 1)
        }
    }

    private mutating func free(from cell: Int) -> Int {
        var end = cell
        while end < colours.count, next[end] != end { end = next[end] }
        var step = cell
        while step < end {
            let following = next[step]
            next[step] = end
            step = following
        }
        return end
    }
}
