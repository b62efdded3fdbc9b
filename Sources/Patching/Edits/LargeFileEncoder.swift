/// Blocks and differences between two files that are not read into memory: both are walked side by side, and only where they
/// part for long is the old file looked through, once, for where the new one goes on.
///
/// Finds what stayed in its place, what moved as a whole, and changes of a few bytes. It does not look for what small
/// pieces have in common; memory is 2 MB and 16 bytes for every 2 KiB of the old file.
struct LargeFileEncoder {
    /// Bytes that must agree again after a change.
    private static let agreement = 32
    /// How far after a change they are looked for in the same place.
    private static let reach = 4096
    /// Literal bytes after which nothing is looked for that begins before them.
    private static let step = 32 << 10

    private let old: FileWindow
    private let new: FileWindow
    private var streams = EditStreams()
    private var differences = 0
    /// Bytes of blocks since the last difference.
    private var same = 0
    /// Where the present block begins in the new file, and what to add to get to the old one; nil in literal bytes.
    private var block: (start: Int, shift: Int)?
    /// Where the last block ended, in both files.
    private var last = (old: 0, new: 0)
    private var index: PieceIndex?

    static func encode(old: any OldFile, new: any OldFile) throws -> EncodedEdit {
        var encoder = LargeFileEncoder(old: FileWindow(old), new: FileWindow(new))
        try encoder.run()
        encoder.streams.append(number: encoder.differences, to: .layout)
        return EncodedEdit(method: .copy, memory: EditMemory.copy, streams: encoder.streams.bytes)
    }

    private init(old: FileWindow, new: FileWindow) {
        self.old = old
        self.new = new
    }

    private mutating func run() throws {
        guard max(old.count, new.count) <= Block.largestFile else {
            return try literal(0..<new.count, thenEnd: true)
        }
        var place = 0
        block = (0, 0)
        while place < new.count {
            place &+= try agreeing(from: place)
            guard place < new.count else { break }
            place = try passChange(at: place)
        }
        endBlock(at: new.count)
        if last.new < new.count { try literal(last.new..<new.count, thenEnd: true) }
    }

    private var shift: Int { block?.shift ?? 0 }

    /// How many bytes agree from `place` on in the present block.
    private mutating func agreeing(from place: Int) throws -> Int {
        var length = 0
        while true {
            let ours = try new.bytes(at: place &+ length, FileWindow.longest)
            let theirs = try old.bytes(at: place &+ length &+ shift, FileWindow.longest)
            let run = ours.commonLength(at: 0, theirs, at: 0, limit: Int.max)
            length &+= run
            if run == 0 || run < min(ours.count, theirs.count) { break }
        }
        same &+= length
        return length
    }

    /// What differs at `place`: a byte of the block, or the end of it. Where to go on from, in a block.
    private mutating func passChange(at place: Int) throws -> Int {
        let ours = try new.bytes(at: place, Self.reach &+ Self.agreement)
        let theirs = try old.bytes(at: place &+ shift, Self.reach &+ Self.agreement)
        if agreeing(ours, theirs, first: 2 &* Self.agreement) >= Self.agreement {
            streams.append(number: same, to: .gaps)
            streams.append(ours[0] &- theirs[0], to: .values)
            same = 0
            differences &+= 1
            return place &+ 1
        }
        let shift = shift
        endBlock(at: place)
        if let distance = firstAgreement(ours, theirs) {
            return try beginBlock(at: place &+ distance, shift: shift)
        }
        guard let found = try search(from: place) else { return new.count }
        return try beginBlock(at: found.place, shift: found.shift)
    }

    private func agreeing(_ ours: ByteView, _ theirs: ByteView, first count: Int) -> Int {
        (0..<min(count, ours.count, theirs.count)).count { ours[$0] == theirs[$0] }
    }

    private func firstAgreement(_ ours: ByteView, _ theirs: ByteView) -> Int? {
        var run = 0
        for place in 0..<min(ours.count, theirs.count) {
            run = ours[place] == theirs[place] ? run &+ 1 : 0
            if run == Self.agreement { return place &+ 1 &- run }
        }
        return nil
    }

    /// Where the new file goes on with a piece of the old one, and how far that moved.
    private mutating func search(from start: Int) throws -> (place: Int, shift: Int)? {
        if index == nil { index = try PieceIndex(old) }
        guard let index, start &+ PieceIndex.piece <= new.count else { return nil }
        var hash = RollingHash(try new.bytes(at: start, PieceIndex.piece))
        var place = start
        while true {
            let view = try new.bytes(at: place, Self.step &+ PieceIndex.piece)
            for step in 0..<min(Self.step, view.count &- PieceIndex.piece) {
                if let offset = index.offset(of: hash.value), try isEqual(place &+ step, offset) {
                    return try extendBackward(place &+ step, offset, to: start)
                }
                hash.roll(out: view[step], in: view[step &+ PieceIndex.piece])
            }
            place &+= Self.step
            guard place &+ PieceIndex.piece < new.count else { return nil }
        }
    }

    private func isEqual(_ place: Int, _ offset: Int) throws -> Bool {
        let ours = try new.bytes(at: place, PieceIndex.piece)
        let theirs = try old.bytes(at: offset, PieceIndex.piece)
        return ours.commonLength(at: 0, theirs, at: 0, limit: Int.max) == PieceIndex.piece
    }

    private func extendBackward(_ place: Int, _ offset: Int, to start: Int) throws -> (place: Int, shift: Int) {
        let limit = min(place &- start, offset, PieceIndex.piece)
        let ours = try new.bytes(at: place &- limit, limit)
        let theirs = try old.bytes(at: offset &- limit, limit)
        var length = 0
        while length < limit, ours[limit &- 1 &- length] == theirs[limit &- 1 &- length] { length &+= 1 }
        return (place &- length, offset &- place)
    }

    private mutating func beginBlock(at place: Int, shift: Int) throws -> Int {
        try literal(last.new..<place)
        block = (place, shift)
        return place
    }

    /// Ends the present block; bytes from there on are literal until the next begins.
    private mutating func endBlock(at place: Int) {
        guard let block, place > block.start else {
            block = nil
            return
        }
        streams.append(number: block.start &- last.new, to: .inserts)
        streams.append(number: place &- block.start, to: .lengths)
        streams.append(signed: block.start &+ block.shift &- last.old, to: .seeks)
        last = (place &+ block.shift, place)
        self.block = nil
    }

    private mutating func literal(_ range: Range<Int>, thenEnd: Bool = false) throws {
        if thenEnd, !range.isEmpty { streams.append(number: range.count, to: .inserts) }
        var place = range.lowerBound
        while place < range.upperBound {
            let view = try new.bytes(at: place, min(FileWindow.longest, range.upperBound &- place))
            streams.append(0..<view.count, of: view, to: .literals)
            place &+= view.count
        }
    }
}
