import Primitives

/// The bytes of blocks that differ from the old file, as they are reached.
struct Differences {
    /// Not yet applied.
    private var left: Int
    /// Bytes until the next one, once it has been read.
    private var distance: Int?

    init(count: Int) { left = count }

    /// Applies what falls into the next `bytes` of blocks.
    mutating func apply<Streams: EditStreamReader>(
        to bytes: UnsafeMutableRawBufferPointer, _ streams: inout Streams
    ) throws {
        var place = 0
        while left > 0 {
            let next = try distance ?? streams.number(.gaps, atMost: Int.max)
            guard next < bytes.count &- place else {
                distance = next &- (bytes.count &- place)
                return
            }
            place &+= next
            bytes[place] &+= try streams.byte(.values)
            place &+= 1
            distance = nil
            left &-= 1
        }
    }

    func checkEnd() throws {
        guard left == 0 else { throw PatchFault(.leftover, found: "\(left) differences behind the last block") }
    }
}

/// The references that were predicted wrong, as they are reached.
struct Corrections {
    private var left: Int
    /// References that are right before the next one that is not, once that is known.
    private var right: Int?

    init(count: Int) { left = count }

    /// What to add to the next predicted reference.
    @inline(__always)
    mutating func next<Streams: EditStreamReader>(_ streams: inout Streams) throws -> Int {
        if let right, right > 0 {
            self.right = right &- 1
            return 0
        }
        return left > 0 ? try read(&streams) : 0
    }

    @inline(never)
    private mutating func read<Streams: EditStreamReader>(_ streams: inout Streams) throws -> Int {
        let right = try right ?? streams.number(.referenceGaps, atMost: Int.max)
        guard right == 0 else {
            self.right = right &- 1
            return 0
        }
        self.right = nil
        left &-= 1
        return try streams.signedNumber(.referenceValues)
    }

    func checkEnd() throws {
        guard left == 0 else { throw PatchFault(.leftover, found: "\(left) corrections behind the last reference") }
    }
}
