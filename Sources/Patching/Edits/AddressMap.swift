/// Where an address of the old program is in the new one: pieces of constant shift that cover everything.
///
/// What no block covers goes with the nearest block in the same segment; memory behind the file's part of a segment (.bss)
/// goes with that part's end. An address outside of everything stays as it is.
struct AddressMap {
    /// Where pieces start, in order; each reaches to the next. Addresses before the first are not mapped.
    private var starts: [Int] = []
    private var shifts: [Int] = []
    /// For each page from the first start on, the piece that its first byte belongs to.
    private var pages: [Int32] = []
    private var firstPage = 0

    private static let pageBits = 10
    /// A file that is spread over more of memory than this is looked up by halving alone.
    private static let mostPages = 1 << 20

    /// Bytes that looking up takes for a program that spans so many.
    static func mostIndexBytes(_ span: Int) -> Int { min(max(span, 0) >> pageBits, mostPages) &* 4 }

    init(_ chain: BlockChain, old: ELFImage, new: ELFImage, slots: [SlotMap.Slot] = []) {
        var pieces: [(start: Int, end: Int, shift: Int)] = []
        let regions = Self.regions(old)
        for region in regions { pieces += Self.covered(region, chain, new) }
        pieces.sort { $0.start < $1.start }
        cover(pieces, old, new)
        overlay(slots)
        index(most: Self.mostIndexBytes(old.span.count) / 4 &+ 2)
    }

    /// Parts of the old file that are mapped at one address each, and what is not mapped at addresses above all others.
    private static func regions(_ image: ELFImage) -> [(offsets: Range<Int>, address: Int)] {
        var regions: [(offsets: Range<Int>, address: Int)] = []
        var end = 0
        for segment in image.segments.sorted(by: { $0.offset < $1.offset }) where segment.fileSize > 0 {
            if segment.offset > end { regions.append((end..<segment.offset, ELFImage.largestPlace &+ end)) }
            let segmentEnd = segment.offset &+ segment.fileSize
            let start = max(segment.offset, end)
            if start < segmentEnd { regions.append((start..<segmentEnd, segment.address &+ start &- segment.offset)) }
            end = max(end, segmentEnd)
        }
        if end < image.fileBytes { regions.append((end..<image.fileBytes, ELFImage.largestPlace &+ end)) }
        return regions
    }

    private static func covered(
        _ region: (offsets: Range<Int>, address: Int), _ chain: BlockChain, _ new: ELFImage
    ) -> [(start: Int, end: Int, shift: Int)] {
        chain.pieces.compactMap { piece in
            let start = max(piece.start, region.offsets.lowerBound)
            let end = min(piece.end, region.offsets.upperBound)
            guard start < end else { return nil }
            let address = region.address &+ start &- region.offsets.lowerBound
            return (address, address &+ end &- start, new.address(ofOffset: start &+ piece.shift) &- address)
        }
    }

    /// Lets pieces meet: halfway, or where a section begins between them.
    private mutating func cover(_ pieces: [(start: Int, end: Int, shift: Int)], _ old: ELFImage, _ new: ELFImage) {
        var borders = old.sections.filter { $0.role != .other }.map(\.address)
        borders += old.segments.map(\.address)
        borders.sort()
        var previous: (start: Int, end: Int, shift: Int)?
        for piece in pieces {
            var start = piece.start
            if let previous, previous.end < start {
                start = Self.border(borders, in: previous.end..<start) ?? previous.end &+ (start &- previous.end) / 2
            } else if previous == nil {
                start = Int.min
            }
            append(start, piece.shift)
            previous = piece
        }
        coverMemory(old, new)
    }

    /// The last border in the gap: what follows it goes with what comes behind.
    private static func border(_ borders: [Int], in gap: Range<Int>) -> Int? {
        let before = borders.binaryCount { $0 <= gap.upperBound }
        return before > 0 && gap.contains(borders[before &- 1] &- 1) ? borders[before &- 1] : nil
    }

    /// From `start` on, addresses move by `shift`. What begins at the same place as the piece before it replaces that.
    private mutating func append(_ start: Int, _ shift: Int) {
        if let last = starts.last, last >= start {
            if last == start { shifts[shifts.count &- 1] = shift }
            return
        }
        starts.append(start)
        shifts.append(shift)
    }

    private mutating func coverMemory(_ old: ELFImage, _ new: ELFImage) {
        var slots: [SlotMap.Slot] = []
        for (segment, other) in zip(old.segments, new.segments) where segment.memorySize > segment.fileSize {
            let from = segment.address &+ segment.fileSize
            slots.append(
                SlotMap.Slot(
                    old: from, size: segment.memorySize &- segment.fileSize, new: other.address &+ other.fileSize))
        }
        overlay(slots)
    }

    /// Lays exact knowledge over the pieces: each slot's bytes go where it says.
    private mutating func overlay(_ slots: [SlotMap.Slot]) {
        guard !slots.isEmpty else { return }
        let slots = slots.sorted { ($0.old, $0.new, $0.size) < ($1.old, $1.new, $1.size) }
        let (oldStarts, oldShifts) = (starts, shifts)
        starts = []
        shifts = []
        var piece = 0
        var shift: Int?
        func piecesUpTo(_ end: Int, _ take: (Int, Int) -> Void) {
            while piece < oldStarts.count, oldStarts[piece] < end {
                shift = oldShifts[piece]
                take(oldStarts[piece], oldShifts[piece])
                piece += 1
            }
        }
        var end = Int.min
        for slot in slots where slot.old >= end && slot.size > 0 {
            piecesUpTo(slot.old) { append($0, $1) }
            append(slot.old, slot.new &- slot.old)
            end = slot.old &+ slot.size
            piecesUpTo(end) { _, _ in }
            if piece >= oldStarts.count || oldStarts[piece] > end { append(end, shift ?? 0) }
        }
        piecesUpTo(Int.max) { append($0, $1) }
    }

    /// A file whose pieces are spread over more pages than its segments are is looked up by halving alone.
    private mutating func index(most: Int) {
        guard let first = starts.first(where: { $0 != Int.min }),
            let last = starts.last(where: { $0 < ELFImage.largestPlace })
        else { return }
        firstPage = first >> Self.pageBits
        let count = (last >> Self.pageBits) &- firstPage &+ 1
        guard count > 0, count <= min(most, Self.mostPages) else { return }
        pages.reserveCapacity(count)
        var piece = 0
        for page in 0..<count {
            let address = (firstPage &+ page) << Self.pageBits
            while piece &+ 1 < starts.count, starts[piece &+ 1] <= address { piece &+= 1 }
            pages.append(Int32(truncatingIfNeeded: piece))
        }
    }

    /// What `address` of the old program is in the new one.
    @inline(__always)
    func map(_ address: Int) -> Int {
        let page = (address >> Self.pageBits) &- firstPage
        guard page >= 0, page < pages.count else { return search(address) }
        var piece = Int(pages[page])
        while piece &+ 1 < starts.count, starts[piece &+ 1] <= address { piece &+= 1 }
        return starts[piece] <= address ? address &+ shifts[piece] : address
    }

    private func search(_ address: Int) -> Int {
        let before = starts.binaryCount { $0 <= address }
        return before > 0 ? address &+ shifts[before &- 1] : address
    }
}
