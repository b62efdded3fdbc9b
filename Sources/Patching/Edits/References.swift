/// A reference of a program: the how many-th it is, where in the file it stands, and what it is.
struct Reference {
    var index: Int
    var place: Int
    var kind: ReferenceKind
}

/// The references of a file, in the order of their places, which are offsets in the file. A large program has millions: each
/// is 16 bits, its place in a page and its kind.
struct References {
    private static let pageBits = 11
    private static let kindBits = 5
    private static let kindMask: UInt16 = 1 << kindBits - 1
    private static let placeMask = 1 << pageBits - 1
    private static let chunkBits = 14
    private static let chunkMask = 1 << chunkBits - 1

    /// In chunks, so that nothing is moved to make room for more.
    private var chunks: [Chunk] = []
    private(set) var count = 0
    /// For each page of the file that was reached, how many references stand before it.
    private var pages: [UInt32] = []
    /// Starts of switch tables, in order: an entry is relative to the start of its table.
    var tables: [UInt32] = []
    /// What each reference of an AArch64 program points at, as far as its own bits do not say: both parts of an address that is
    /// in two instructions. Empty for other programs.
    private(set) var targets: [UInt32] = []
    /// What was found behind something that stands after it.
    private var late: [Late] = []
    /// Where the last one begins and ends.
    private var last = -1
    private var end = 0
    /// Bytes of memory that more references may take. Below zero once there was no room for one.
    private(set) var room: Int

    private let eachBytes: Int

    /// Room for so many references. What it holds beyond `count` of them is never read.
    private final class Chunk {
        let entries = UnsafeMutablePointer<UInt16>.allocate(capacity: 1 << References.chunkBits)

        init() { entries.initialize(repeating: 0, count: 1 << References.chunkBits) }

        deinit { entries.deallocate() }
    }

    private struct Late {
        var place: UInt32
        var target: UInt32
        var kind: ReferenceKind
    }

    init(_ machine: ELFImage.Machine, room: Int) {
        self.room = room
        eachBytes = machine == .arm ? EditMemory.eachARMReference : EditMemory.eachReference
    }

    /// Bytes of memory.
    var heldBytes: Int {
        chunks.count << (Self.chunkBits &+ 1) &+ (pages.capacity &+ targets.capacity) &* 4 &+ tables.capacity &* 4
            &+ late.capacity &* MemoryLayout<Late>.stride
    }

    /// Says whether there is room for something more, and takes it.
    mutating func take(_ bytes: Int) -> Bool {
        guard room >= 0 else { return false }
        room &-= bytes
        return room >= 0
    }

    /// Pages of a file of so many bytes.
    static func pages(_ fileBytes: Int) -> Int { fileBytes >> pageBits &+ 2 }

    mutating func reserve(fileBytes: Int) {
        pages.reserveCapacity(Self.pages(fileBytes))
    }

    /// `target`: of a part of an address, its whole, as a distance from the program's start; below 2^32. What overlaps the
    /// reference before it is left out.
    @inline(__always)
    mutating func append(_ kind: ReferenceKind, at place: Int, target: Int = 0) {
        if place < last {
            guard take(EditMemory.eachLateReference) else { return }
            late.append(
                Late(
                    place: UInt32(truncatingIfNeeded: place), target: UInt32(truncatingIfNeeded: target), kind: kind))
        } else if place >= end, take(eachBytes) {
            push(kind, at: place, target: target)
        }
    }

    private mutating func push(_ kind: ReferenceKind, at place: Int, target: Int) {
        while pages.count <= place >> Self.pageBits { pages.append(UInt32(truncatingIfNeeded: count)) }
        if target != 0 || !targets.isEmpty { push(target: UInt32(truncatingIfNeeded: target)) }
        if count & Self.chunkMask == 0 { chunks.append(Chunk()) }
        // The chunk is there, and the place in it is masked.
        chunks[chunks.count &- 1].entries[count & Self.chunkMask] =
            UInt16(truncatingIfNeeded: (place & Self.placeMask) << Self.kindBits) | UInt16(kind.rawValue)
        count &+= 1
        last = place
        end = place &+ kind.width
    }

    private mutating func push(target: UInt32) {
        if targets.isEmpty { targets = Array(repeating: 0, count: count) }
        if targets.count == targets.capacity { targets.reserveCapacity(targets.count &+ targets.count / 4 &+ 4096) }
        targets.append(target)
    }

    /// Brings what was found late to its place. To be called once, at the end.
    mutating func settle() {
        if !late.isEmpty {
            guard take(count &* (targets.isEmpty ? EditMemory.eachReference : EditMemory.eachARMReference)) else {
                return
            }
            merge()
        }
        // A copy, without the room that growing left.
        targets = targets.trimmed
    }

    /// Of two at one place, the one that was found in order counts.
    private mutating func merge() {
        var late = late
        self.late = []
        late.sort { ($0.place, $0.kind.rawValue, $0.target) < ($1.place, $1.kind.rawValue, $1.target) }
        let ordered = self
        (chunks, count, pages, targets, last, end) = ([], 0, [], [], -1, 0)
        pages.reserveCapacity(ordered.pages.count)
        var next = 0
        func push(_ kind: ReferenceKind, _ place: Int, _ target: Int, into list: inout Self) {
            if place >= list.end { list.push(kind, at: place, target: target) }
        }
        ordered.forEach(in: 0..<Int.max) { reference in
            while next < late.count, Int(late[next].place) < reference.place {
                push(late[next].kind, Int(late[next].place), Int(late[next].target), into: &self)
                next &+= 1
            }
            push(reference.kind, reference.place, ordered.target(reference.index) ?? 0, into: &self)
        }
        for rest in late[next...] { push(rest.kind, Int(rest.place), Int(rest.target), into: &self) }
    }

    /// What a part of an address belongs to; nil in other programs.
    func target(_ index: Int) -> Int? { targets.isEmpty ? nil : Int(targets[index]) }

    /// The references that begin in `range`, in order, as far as their kind is in the set `kinds`.
    @inline(__always)
    func forEach(
        in range: Range<Int>, kinds: UInt32 = UInt32.max, _ body: (Reference) throws -> Void
    ) rethrows {
        guard range.lowerBound >> Self.pageBits < pages.count else { return }
        var page = range.lowerBound >> Self.pageBits
        var (index, pageEnd) = (first(from: range.lowerBound, page), end(of: page))
        guard index < count else { return }
        var chunk = chunks[index >> Self.chunkBits]
        while index < count {
            while index >= pageEnd {
                page &+= 1
                // In a part of the file without references the next one may be far away.
                guard page << Self.pageBits < range.upperBound else { return }
                pageEnd = end(of: page)
            }
            let entry = chunk.entries[index & Self.chunkMask]
            let place = page << Self.pageBits | Int(entry >> Self.kindBits)
            guard place < range.upperBound else { return }
            let kind = UInt8(truncatingIfNeeded: entry & Self.kindMask)
            if kinds & 1 << UInt32(kind) != 0, let kind = ReferenceKind(rawValue: kind) {
                try body(Reference(index: index, place: place, kind: kind))
            }
            index &+= 1
            if index & Self.chunkMask == 0, index < count { chunk = chunks[index >> Self.chunkBits] }
        }
    }

    @inline(__always)
    private func end(of page: Int) -> Int { page &+ 1 < pages.count ? Int(pages[page &+ 1]) : count }

    /// The first reference of `page` at or behind `offset`.
    @inline(__always)
    private func first(from offset: Int, _ page: Int) -> Int {
        let wanted = UInt16(truncatingIfNeeded: (offset & Self.placeMask) << Self.kindBits)
        var (low, high) = (Int(pages[page]), end(of: page))
        while low < high {
            let middle = (low &+ high) >> 1
            if chunks[middle >> Self.chunkBits].entries[middle & Self.chunkMask] < wanted {
                low = middle &+ 1
            } else {
                high = middle
            }
        }
        return low
    }

    /// All of them.
    var all: [Reference] {
        var all: [Reference] = []
        forEach(in: 0..<Int.max) { all.append($0) }
        return all
    }

    /// Where the switch table that holds `place` begins.
    func table(of place: Int) -> Int {
        let before = tables.binaryCount { Int($0) <= place }
        return before > 0 ? Int(tables[before &- 1]) : place
    }
}

extension Array {
    /// The same in no more memory than it needs.
    var trimmed: [Element] {
        guard count < capacity else { return self }
        return withUnsafeBufferPointer { old in
            Array(unsafeUninitializedCapacity: old.count) { new, count in count = new.initialize(fromContentsOf: old) }
        }
    }
}
