/// A part of a file in memory that moves along as it is read.
final class FileWindow {
    static let capacity = 1 << 20
    /// The longest part that can be asked for at a time.
    static let longest = 64 << 10

    private let file: any OldFile
    private let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: FileWindow.capacity)
    private var held = 0..<0

    init(_ file: any OldFile) { self.file = file }

    deinit { buffer.deallocate() }

    var count: Int { file.count }

    /// The bytes from `offset` on, `wanted` of them or as many as there are; valid until the next call.
    func bytes(at offset: Int, _ wanted: Int) throws -> ByteView {
        let end = min(offset &+ min(wanted, Self.longest), file.count)
        guard offset >= 0, offset < end else { return ByteView(UnsafeBufferPointer(start: nil, count: 0)) }
        if !(held.lowerBound <= offset && end <= held.upperBound) {
            // A little of what stands before, since matches are extended backwards too.
            let start = max(0, min(offset &- Self.longest, file.count &- Self.capacity))
            let part = start..<min(start &+ Self.capacity, file.count)
            held = 0..<0
            try file.read(
                at: start,
                into: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<part.count]))
            held = part
        }
        return ByteView(UnsafeBufferPointer(rebasing: buffer[(offset &- held.lowerBound)..<(end &- held.lowerBound)]))
    }
}
