/// Collects what an edit writes.
struct EditStreams {
    private(set) var bytes = [[UInt8]](repeating: [], count: EditStream.allCases.count)

    mutating func append(_ byte: UInt8, to stream: EditStream) {
        bytes[Int(stream.rawValue)].append(byte)
    }

    mutating func append(_ range: Range<Int>, of view: ByteView, to stream: EditStream) {
        bytes[Int(stream.rawValue)] += UnsafeBufferPointer(start: view.base + range.lowerBound, count: range.count)
    }

    mutating func append(number: Int, to stream: EditStream) {
        var rest = UInt64(bitPattern: Int64(number))
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80, to: stream)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest), to: stream)
    }

    mutating func append(signed number: Int, to stream: EditStream) {
        append(number: number << 1 ^ number >> 63, to: stream)
    }
}
