/// Where an address of the old program is in the new one: pieces of constant shift that cover everything.
///
/// What no block covers goes with the nearest block in the same segment; memory behind the file's part of a segment (.bss)
/// goes with that part's end. An address outside of everything stays as it is.
struct AddressMap {
    /// Where pieces start, in order, as keys; each reaches to the next, the first from the lowest address.
    private var starts: [UInt32] = []
    /// What to add to an address. Nearly all shifts fit; `far` has the others by the index of their piece.
    private var shifts: [Int32] = []
    private var far: [Int: Int] = [:]
    private static let isFar = Int32.min
    /// Between what is mapped into memory and what is not: programs have a few such pieces, a hostile patch any number.
    private static let mostFar = 1024
    /// For each page of keys, the piece that its first one belongs to.
    private var pages: [UInt32] = []
    private let base: Int
    private let mostPages: Int

    private static let pageBits = 10
    /// A file that is spread over more of memory than this is looked up by halving alone.
    private static let mostPages = 1 << 20
    /// Keys of what is not mapped into memory.
    private static let unmapped = 1 << 31

    /// Bytes of a map of so many pieces for a program that spans so many bytes; while slots are laid over it there are two.
    static func bytes(_ pieces: Int, span: Int) -> Int { pieces &* 8 &+ min(max(span, 0) >> pageBits, mostPages) &* 4 }

    /// How many pieces there can be.
    static func mostPieces(_ chain: Int, _ old: ELFImage) -> Int { chain &+ old.segments.count &* 4 &+ 2 }

    init(_ chain: BlockChain, old: ELFImage, new: ELFImage) {
        base = old.span.lowerBound
        let most = Self.mostPieces(chain.pieces.count, old)
        starts.reserveCapacity(most)
        shifts.reserveCapacity(most)
        mostPages = min(old.span.count >> Self.pageBits &+ 1, Self.mostPages)
        pages.reserveCapacity(mostPages)
        cover(chain, old, new)
        coverMemory(old, new)
        index()
    }

    var count: Int { starts.count }

    /// Bytes of memory.
    var heldBytes: Int { (starts.capacity &+ shifts.capacity &+ pages.capacity) &* 4 &+ far.capacity &* 16 }

    /// An address in 32 bits: of what is mapped the distance from the lowest address, then what is not mapped.
    @inline(__always)
    private func key(_ address: Int) -> Int {
        address < ELFImage.largestPlace
            ? min(max(address &- base, 0), Self.unmapped &- 1)
            : Self.unmapped &+ min(address &- ELFImage.largestPlace, Self.unmapped &- 1)
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
        return regions.sorted { ($0.address, $0.offsets.lowerBound) < ($1.address, $1.offsets.lowerBound) }
    }

    /// Lets pieces meet: halfway, or where a section begins between them.
    private mutating func cover(_ chain: BlockChain, _ old: ELFImage, _ new: ELFImage) {
        var borders = old.sections.filter { $0.role != .other }.map { key($0.address) }
        borders += old.segments.map { key($0.address) }
        borders.sort()
        var before: Int?
        for region in Self.regions(old) {
            var piece = chain.pieces.binaryCount { $0.end <= region.offsets.lowerBound }
            while piece < chain.pieces.count, chain.pieces[piece].start < region.offsets.upperBound {
                let start = max(chain.pieces[piece].start, region.offsets.lowerBound)
                let end = min(chain.pieces[piece].end, region.offsets.upperBound)
                let address = region.address &+ start &- region.offsets.lowerBound
                append(
                    Self.start(key(address), behind: before, borders),
                    new.address(ofOffset: start &+ chain.pieces[piece].shift) &- address)
                before = max(before ?? 0, key(address &+ (end &- start)))
                piece &+= 1
            }
        }
    }

    /// Where a piece begins that has to cover the gap before it.
    private static func start(_ start: Int, behind before: Int?, _ borders: [Int]) -> Int {
        guard let before else { return 0 }
        return before < start ? border(borders, in: before..<start) ?? before &+ (start &- before) / 2 : start
    }

    /// The last border in the gap: what follows it goes with what comes behind.
    private static func border(_ borders: [Int], in gap: Range<Int>) -> Int? {
        let before = borders.binaryCount { $0 <= gap.upperBound }
        return before > 0 && gap.contains(borders[before &- 1] &- 1) ? borders[before &- 1] : nil
    }

    /// From the key `start` on, addresses move by `shift`. What begins at the same place as the piece before it replaces that.
    private mutating func append(_ start: Int, _ shift: Int) {
        let start = UInt32(truncatingIfNeeded: start)
        if let last = starts.last, last >= start {
            guard last == start else { return }
            starts.removeLast()
            shifts.removeLast()
        }
        // Slots and stubs mostly move with their neighbours.
        guard starts.isEmpty || self.shift(starts.count &- 1) != shift else { return }
        let short = Int32(truncatingIfNeeded: shift)
        let isFar = Int(short) != shift || short == Self.isFar
        if isFar {
            guard far.count < Self.mostFar else { return }
            far[starts.count] = shift
        }
        starts.append(start)
        shifts.append(isFar ? Self.isFar : short)
    }

    @inline(__always)
    private func shift(_ piece: Int) -> Int {
        shifts[piece] == Self.isFar ? far[piece] ?? 0 : Int(shifts[piece])
    }

    private mutating func coverMemory(_ old: ELFImage, _ new: ELFImage) {
        var slots: [SlotMap.Slot] = []
        for (segment, other) in zip(old.segments, new.segments) where segment.memorySize > segment.fileSize {
            let from = segment.address &+ segment.fileSize
            slots.append(
                SlotMap.Slot(
                    old: from, size: segment.memorySize &- segment.fileSize, new: other.address &+ other.fileSize))
        }
        lay(slots)
    }

    /// Lays exact knowledge over the pieces: each slot's bytes go where it says.
    mutating func overlay(_ slots: [SlotMap.Slot]) {
        lay(slots)
        index()
    }

    private mutating func lay(_ slots: [SlotMap.Slot]) {
        guard !slots.isEmpty else { return }
        let slots = slots.sorted { ($0.old, $0.new, $0.size) < ($1.old, $1.new, $1.size) }
        let under = self
        (starts, shifts, far) = ([], [], [:])
        starts.reserveCapacity(under.count &+ slots.count &* 2)
        shifts.reserveCapacity(under.count &+ slots.count &* 2)
        var piece = 0
        var end = 0
        for slot in slots where slot.size > 0 {
            let start = key(slot.old)
            guard start >= end else { continue }
            while piece < under.count, under.starts[piece] < start {
                append(Int(under.starts[piece]), under.shift(piece))
                piece &+= 1
            }
            append(start, slot.new &- slot.old)
            end = key(slot.old &+ slot.size)
            while piece < under.count, under.starts[piece] < end { piece &+= 1 }
            if piece >= under.count || under.starts[piece] > end {
                append(end, piece > 0 ? under.shift(piece &- 1) : 0)
            }
        }
        while piece < under.count {
            append(Int(under.starts[piece]), under.shift(piece))
            piece &+= 1
        }
    }

    private mutating func index() {
        pages.removeAll(keepingCapacity: true)
        guard let last = starts.last(where: { $0 < Self.unmapped }) else { return }
        var piece = 0
        for page in 0..<min(Int(last) >> Self.pageBits &+ 1, mostPages) {
            while piece &+ 1 < starts.count, starts[piece &+ 1] <= page << Self.pageBits { piece &+= 1 }
            pages.append(UInt32(truncatingIfNeeded: piece))
        }
    }

    /// What `address` of the old program is in the new one.
    @inline(__always)
    func map(_ address: Int) -> Int {
        let key = key(address)
        guard key >> Self.pageBits < pages.count else { return search(address, key) }
        let page = key >> Self.pageBits
        var piece = Int(pages[page])
        var end = page &+ 1 < pages.count ? Int(pages[page &+ 1]) &+ 1 : starts.count
        while end &- piece > 4 {
            let middle = (piece &+ end) >> 1
            if starts[middle] <= key { piece = middle } else { end = middle }
        }
        while piece &+ 1 < end, starts[piece &+ 1] <= key { piece &+= 1 }
        return starts[piece] <= key ? address &+ shift(piece) : address
    }

    private func search(_ address: Int, _ key: Int) -> Int {
        let before = starts.binaryCount { $0 <= key }
        return before > 0 ? address &+ shift(before &- 1) : address
    }
}
