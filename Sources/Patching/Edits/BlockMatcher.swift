/// Finds what of a new file is in an old one, nearly.
///
/// The way of bsdiff: an exact match that is clearly longer than what the present alignment offers begins a new block, and
/// blocks are then extended over differences for as long as more than half of the bytes agree. Candidates come from hash
/// chains over all places of the old file instead of a suffix array (decision 0016): while the present alignment is good,
/// which in a new build of the same program it nearly always is, nothing is searched at all.
struct BlockMatcher {
    private let old: ByteView
    private let new: ByteView
    private let seeds: SeedIndex
    /// How many of the bytes looked at must agree for doing without a search.
    private let goodEnough: Int

    /// A new alignment must offer this many matching bytes more than the present one.
    private static let margin = 8
    /// Aligned bytes that are looked at before a search.
    private static let lookAhead = 32
    /// An exact match of this length under the present alignment is never left.
    private static let sureRun = 20

    private var blocks: [Block] = []
    /// Where the last block begins in both files: everything of the new file before it is decided.
    private var last = (old: 0, new: 0)

    /// Blocks in the order of the new file, not overlapping there. Deterministic.
    static func match(old: ByteView, new: ByteView, thorough: Bool = false) -> [Block] {
        guard old.count > 0, new.count > 0 else { return [] }
        var matcher = BlockMatcher(old: old, new: new, thorough: thorough)
        matcher.run()
        return matcher.blocks
    }

    private init(old: ByteView, new: ByteView, thorough: Bool) {
        goodEnough = thorough ? 31 : 24
        self.old = old
        self.new = new
        seeds = SeedIndex(old, sparse: thorough ? 2 : 4)
    }

    private mutating func run() {
        var scan = 0
        while scan < new.count {
            guard let match = nextMatch(from: &scan) else { break }
            accept(match, at: scan)
            scan &+= match.length
        }
        finishBlock(before: new.count)
    }

    /// The next exact match that is worth a block of its own; `scan` moves to where it begins.
    private func nextMatch(from scan: inout Int) -> SeedIndex.Match? {
        let shift = last.old &- last.new
        var counted = scan
        var score = 0
        while scan < new.count {
            if skipAligned(&scan, shift: shift) {
                counted = scan
                score = 0
                continue
            }
            let match = seeds.longest(in: new, at: scan, near: scan &+ shift)
            while counted < scan &+ match.length {
                if agrees(counted, shift) { score &+= 1 }
                counted &+= 1
            }
            if match.length > score &+ Self.margin { return match }
            if match.length > 0, match.length == score, match.old == scan &+ shift {
                scan &+= match.length
                counted = scan
                score = 0
                continue
            }
            if counted > scan, agrees(scan, shift) { score &-= 1 }
            scan &+= 1
            if counted < scan {
                counted = scan
                score = 0
            }
        }
        return nil
    }

    @inline(__always)
    private func agrees(_ place: Int, _ shift: Int) -> Bool {
        let other = place &+ shift
        return other >= 0 && other < old.count && place < new.count && old.base[other] == new.base[place]
    }

    /// Moves `scan` on while the present alignment is good; says whether it moved.
    private func skipAligned(_ scan: inout Int, shift: Int) -> Bool {
        let aligned = scan &+ shift
        guard aligned >= 0, aligned < old.count else { return false }
        let run = new.commonLength(at: scan, old, at: aligned, limit: Int.max)
        if run >= Self.sureRun {
            scan &+= run
            return true
        }
        guard aligned &+ Self.lookAhead <= old.count, scan &+ Self.lookAhead <= new.count else {
            return false
        }
        var matching = 0
        for step in 0..<Self.lookAhead where old.base[aligned &+ step] == new.base[scan &+ step] { matching &+= 1 }
        guard matching >= goodEnough else { return false }
        scan &+= max(run, 1)
        return true
    }

    /// Ends the block before `match`, which begins at `scan`, and begins the next.
    private mutating func accept(_ match: SeedIndex.Match, at scan: Int) {
        let backward = extendBackward(from: scan, old: match.old)
        finishBlock(before: scan, next: (match.old, backward))
    }

    private mutating func finishBlock(before scan: Int, next: (old: Int, backward: Int)? = nil) {
        var forward = extendForward(to: scan)
        var backward = next?.backward ?? 0
        if let next, last.new &+ forward > scan &- backward {
            // Both want the same bytes: cut where the sum of what agrees is largest.
            let overlap = last.new &+ forward &- (scan &- backward)
            let cut = bestCut(
                overlap, left: last.new &+ forward &- overlap, shift: last.old &- last.new, right: next.old &- scan)
            forward &+= cut &- overlap
            backward &-= cut
        }
        if forward > 0 { blocks.append(Block(old: last.old, new: last.new, length: forward)) }
        if let next { last = (next.old &- backward, scan &- backward) }
    }

    private func extendForward(to end: Int) -> Int {
        let limit = min(end &- last.new, old.count &- last.old)
        var best = 0
        var bestValue = 0
        var value = 0
        var length = 0
        while length < limit {
            value &+= old.base[last.old &+ length] == new.base[last.new &+ length] ? 1 : -1
            length &+= 1
            if value > bestValue {
                bestValue = value
                best = length
            }
        }
        return best
    }

    private func extendBackward(from scan: Int, old place: Int) -> Int {
        let limit = min(scan &- last.new, place)
        var best = 0
        var bestValue = 0
        var value = 0
        var length = 0
        while length < limit {
            length &+= 1
            value &+= old.base[place &- length] == new.base[scan &- length] ? 1 : -1
            if value > bestValue {
                bestValue = value
                best = length
            }
        }
        return best
    }

    /// How many of `count` bytes from `left` in the new file go to the left block.
    private func bestCut(_ count: Int, left: Int, shift: Int, right: Int) -> Int {
        var value = 0
        var bestValue = 0
        var best = 0
        for step in 0..<max(count, 0) {
            if agrees(left &+ step, shift) { value &+= 1 }
            if agrees(left &+ step, right) { value &-= 1 }
            if value > bestValue {
                bestValue = value
                best = step &+ 1
            }
        }
        return best
    }
}
