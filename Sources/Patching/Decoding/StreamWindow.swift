/// A stream that is read in small pieces, with what comes next of it in memory.
struct StreamWindow {
    /// What is unpacked at a time.
    private static let capacity = 8 << 10

    /// To be deallocated by who has the window.
    let bytes: UnsafeMutableBufferPointer<UInt8>
    let source: (any UnpackedStream)?
    private var place = 0
    private var end: Int
    /// Bytes of the stream that are not in memory yet.
    private var behind = 0

    init() { self.init(holding: []) }

    init(holding held: ArraySlice<UInt8>) {
        bytes = .allocate(capacity: held.count)
        _ = bytes.initialize(from: held)
        (source, end) = (nil, held.count)
    }

    init(over stream: any UnpackedStream, count: Int) {
        bytes = .allocate(capacity: min(count, Self.capacity))
        bytes.initialize(repeating: 0)
        (source, end, behind) = (stream, 0, count)
    }

    /// Bytes that are left.
    var count: Int { behind &+ (end &- place) }

    /// Nil at the end.
    @inline(__always)
    mutating func next() throws -> UInt8? {
        if place == end {
            guard try refill() else { return nil }
        }
        let byte = bytes[place]
        place &+= 1
        return byte
    }

    /// A number of one or two bytes, if that is what comes next and both are in memory. Otherwise nothing is read.
    @inline(__always)
    mutating func shortNumber() -> UInt64? {
        guard end &- place >= 2 else { return nil }
        let (first, second) = (bytes[place], bytes[place &+ 1])
        if first < 0x80 {
            place &+= 1
            return UInt64(first)
        }
        // Neither a third byte nor one that is not needed.
        guard second < 0x80, second != 0 else { return nil }
        place &+= 2
        return UInt64(first & 0x7F) | UInt64(second) << 7
    }

    /// Fills `buffer`, for which there are enough bytes.
    mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws {
        var filled = min(buffer.count, end &- place)
        buffer.copyBytes(from: UnsafeBufferPointer(rebasing: bytes[place..<place &+ filled]))
        place &+= filled
        while filled < buffer.count {
            let part = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
            if part.count >= bytes.count {
                try source?.read(into: part)
                behind &-= part.count
                return
            }
            guard try refill() else { return }
            part.copyBytes(from: UnsafeBufferPointer(rebasing: bytes[..<min(part.count, end)]))
            place = min(part.count, end)
            filled &+= place
        }
    }

    private mutating func refill() throws -> Bool {
        guard behind > 0 else { return false }
        let whole = UnsafeMutableRawBufferPointer(bytes)
        let part = UnsafeMutableRawBufferPointer(rebasing: whole[..<min(bytes.count, behind)])
        try source?.read(into: part)
        (place, end) = (0, part.count)
        behind &-= part.count
        return true
    }
}
