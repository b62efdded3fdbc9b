/// Finds the matches that zlib and gzip find: the positions with the same hash of three bytes, newest first.
///
/// The tables and the data are accessed without checks. In bounds: an index into `head` is a hash below `headCount`; an
/// index into `previous` is a position and `windowMask`; positions in the data are below `count` by what each method
/// requires, and candidates are smaller than the position they are compared with.
struct MatchFinder: ~Copyable {
    struct Match {
        static let none = Match(length: 2, distance: 0)
        var length: Int
        var distance: Int
    }

    /// They look this far ahead, and so do not look back a whole window.
    private static let lookahead = 262
    private static let longest = 258

    private let data: UnsafePointer<UInt8>
    private let count: Int
    /// What gzip compares with behind the end of the data; empty for zlib, which stops there.
    private let tail: [UInt8]
    private let effort: SearchEffort
    private let maximumDistance: Int

    private let headMask: Int
    private let hashShift: Int
    private let windowMask: Int
    /// The newest position with a hash. Position 0 means none; they never find that one either.
    private let head: UnsafeMutablePointer<UInt32>
    /// The next older position with the same hash.
    private let previous: UnsafeMutablePointer<UInt32>
    /// Where chains may be long: a second way to the same matches.
    private let index: MatchIndex?
    /// Everything before that is in the tables, but for what was skipped.
    private var inserted = 0
    /// Candidates looked at so far.
    private(set) var work = 0

    /// `data` must outlive the finder, and have fewer than 2^32 bytes.
    init(_ data: UnsafeBufferPointer<UInt8>, _ parameters: DeflateParameters, _ effort: SearchEffort) {
        self.effort = effort
        count = data.count
        tail = parameters.splitting == .gzip ? Self.tail(data) : []
        let windowSize = 1 << parameters.windowBits
        maximumDistance = windowSize - Self.lookahead
        windowMask = windowSize - 1
        headMask = 1 << parameters.hashBits - 1
        hashShift = (parameters.hashBits + 2) / 3
        let head = UnsafeMutablePointer<UInt32>.allocate(capacity: headMask + 1)
        head.initialize(repeating: 0, count: headMask + 1)
        self.head = head
        // Without data, some address that is never looked at.
        self.data = data.baseAddress ?? UnsafePointer(UnsafeRawPointer(head).assumingMemoryBound(to: UInt8.self))
        previous = .allocate(capacity: windowSize)
        previous.initialize(repeating: 0, count: windowSize)
        index =
            effort.isLazy && effort.chain >= MatchIndex.leastChain
            ? MatchIndex(windowSize: windowSize, hashes: headMask + 1) : nil
    }

    deinit {
        head.deallocate()
        previous.deallocate()
        index?.deallocate()
    }

    /// What stands in gzip's buffer behind the last byte: two zeros, then zeros as well or, once the buffer was moved,
    /// what had stood there before.
    private static func tail(_ data: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        let buffer = 1 << 16
        return (0..<longest + 1).map { index in
            let older = data.count + index - buffer / 2
            return index < 2 || data.count < buffer || older >= data.count ? 0 : data[older]
        }
    }

    /// Enters the positions before `end` in the tables. They need three bytes for it.
    @inline(__always)
    mutating func insert(before end: Int) {
        let end = min(end, count - 2)
        while inserted < end {
            let hash = hash(inserted)
            previous[inserted & windowMask] = head[hash]
            head[hash] = UInt32(truncatingIfNeeded: inserted)
            if let index {
                if inserted > windowMask { index.forget(hash: self.hash(inserted &- windowMask &- 1)) }
                index.insert(inserted, hash: hash, data, hasFour: inserted &+ 4 <= count)
            }
            inserted &+= 1
        }
    }

    /// Of the three bytes at a position.
    @inline(__always)
    private func hash(_ position: Int) -> Int {
        let (first, second, third) = (data[position], data[position &+ 1], data[position &+ 2])
        return (Int(first) &<< (2 &* hashShift) ^ Int(second) &<< hashShift ^ Int(third)) & headMask
    }

    /// Leaves the positions before `end` out of the tables.
    mutating func skip(to end: Int) { inserted = max(inserted, end) }

    /// The match at `position` that is longer than `least`, which is 2 to 258, or one with length `least` at most.
    @inline(__always)
    mutating func longestMatch(at position: Int, longerThan least: Int) -> Match {
        insert(before: position &+ 1)
        guard position &+ 3 <= count else { return .none }
        let candidate = Int(previous[position & windowMask])
        guard candidate != 0, position &- candidate <= maximumDistance else { return .none }
        if !tail.isEmpty, count &- position < Self.longest { return slowMatch(at: position, candidate, least) }
        return quickMatch(at: position, candidate, least)
    }

    @inline(__always)
    private mutating func quickMatch(at position: Int, _ first: Int, _ least: Int) -> Match {
        let longest = min(Self.longest, count &- position)
        guard least < longest else { return .none }
        let nice = min(effort.nice, longest)
        let limit = max(0, position &- maximumDistance)
        var left = least >= effort.good ? effort.chain >> 2 : effort.chain
        if let index, longest > 3, nice > 3, index.count(hash(position)) <= left {
            return indexedMatch(index, at: position, first, least, longest, nice)
        }
        let before = left
        var (best, candidate, match) = (least, first, 0)
        let here = data + position
        var ending = UnsafeRawPointer(here + (best &- 1)).loadUnaligned(as: UInt16.self)
        repeat {
            let there = data + candidate
            if UnsafeRawPointer(there + (best &- 1)).loadUnaligned(as: UInt16.self) == ending {
                let length = Self.common(here, there, longest)
                work &+= length &>> 4
                if length > best {
                    (best, match) = (length, candidate)
                    if length >= nice { break }
                    ending = UnsafeRawPointer(here + (best &- 1)).loadUnaligned(as: UInt16.self)
                }
            }
            candidate = Int(previous[candidate & windowMask])
            left &-= 1
        } while candidate > limit && left > 0
        work &+= before &- left &+ 1
        return match == 0 ? .none : Match(length: best, distance: position &- match)
    }

    /// The same match by way of fewer candidates, where zlib looks at all there are: what is longer than three bytes has
    /// the same four; of three bytes the newest is the match.
    private mutating func indexedMatch(
        _ index: MatchIndex, at position: Int, _ first: Int, _ least: Int, _ longest: Int, _ nice: Int
    ) -> Match {
        let limit = max(0, position &- maximumDistance)
        let here = data + position
        var (best, match) = (max(3, least), 0)
        var ending = UnsafeRawPointer(here + (best &- 3)).loadUnaligned(as: UInt32.self)
        var candidate = index.previous(position)
        while candidate > limit || candidate == first {
            work &+= 1
            let there = data + candidate
            if UnsafeRawPointer(there + (best &- 3)).loadUnaligned(as: UInt32.self) == ending {
                let length = Self.common(here, there, longest)
                work &+= length &>> 4
                if length > best {
                    (best, match) = (length, candidate)
                    if length >= nice { break }
                    ending = UnsafeRawPointer(here + (best &- 3)).loadUnaligned(as: UInt32.self)
                }
            }
            candidate = index.previous(candidate)
        }
        if match == 0, least < 3 { (best, match) = (3, newestOfThree(at: position, first, limit)) }
        return match == 0 ? .none : Match(length: best, distance: position &- match)
    }

    /// The newest candidate with the same three bytes; 0 when there is none.
    private mutating func newestOfThree(at position: Int, _ first: Int, _ limit: Int) -> Int {
        var candidate = first
        repeat {
            work &+= 1
            if Self.common(data + position, data + candidate, 3) == 3 { return candidate }
            candidate = Int(previous[candidate & windowMask])
        } while candidate > limit
        return 0
    }

    /// How many bytes are the same, at most `longest`.
    @inline(__always)
    private static func common(_ left: UnsafePointer<UInt8>, _ right: UnsafePointer<UInt8>, _ longest: Int) -> Int {
        var length = 0
        while length &+ 8 <= longest {
            let first = UnsafeRawPointer(left + length).loadUnaligned(as: UInt64.self)
            let difference = first ^ UnsafeRawPointer(right + length).loadUnaligned(as: UInt64.self)
            guard difference == 0 else { return length &+ UInt64(littleEndian: difference).trailingZeroBitCount >> 3 }
            length &+= 8
        }
        while length < longest, left[length] == right[length] { length &+= 1 }
        return length
    }

    /// gzip's way at the end of the data: it compares on into what stands behind it, and cuts the length afterwards.
    private mutating func slowMatch(at position: Int, _ first: Int, _ least: Int) -> Match {
        let limit = max(0, position - maximumDistance)
        var left = least >= effort.good ? effort.chain >> 2 : effort.chain
        var (best, candidate, match) = (least, first, 0)
        repeat {
            work &+= 1
            var length = 0
            while length < Self.longest, byte(candidate + length) == byte(position + length) { length += 1 }
            work &+= length
            if length > best {
                (best, match) = (length, candidate)
                if length >= effort.nice { break }
            }
            candidate = Int(previous[candidate & windowMask])
            left -= 1
        } while candidate > limit && left > 0
        return match == 0 ? .none : Match(length: min(best, count - position), distance: position - match)
    }

    private func byte(_ index: Int) -> UInt8 { index < count ? data[index] : tail[min(index - count, tail.count - 1)] }

    /// How often the byte before `position` is repeated there, up to 258.
    func run(at position: Int) -> Int {
        guard position > 0, position < count else { return 0 }
        let longest = min(Self.longest, count - position)
        var length = 0
        while length < longest, data[position + length] == data[position - 1] { length += 1 }
        return length
    }
}
