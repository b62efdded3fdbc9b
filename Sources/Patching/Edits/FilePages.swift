/// An old file of which small parts are wanted from here and there: pages of it that were looked at are kept, so that blocks
/// that lie near each other do not each cost a reading.
final class FilePages {
    private static let pageBits = 12
    private static let pageBytes = 1 << pageBits

    private let file: any OldFile
    private let pages: UnsafeMutableRawBufferPointer
    /// Which page of the file each place has; a page has one place.
    private var held: [Int]

    /// `bytes` of memory, a power of two of pages.
    init(_ file: any OldFile, bytes: Int) {
        self.file = file
        pages = .allocate(byteCount: bytes, alignment: 16)
        held = [Int](repeating: -1, count: bytes >> Self.pageBits)
    }

    deinit { pages.deallocate() }

    /// Fills `buffer` from `offset` on, or throws.
    func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
        guard buffer.count < Self.pageBytes, offset >= 0, offset <= file.count &- buffer.count else {
            return try file.read(at: offset, into: buffer)
        }
        var filled = 0
        while filled < buffer.count {
            let place = offset &+ filled
            let page = try page(place >> Self.pageBits)
            let rest = page[(place & (Self.pageBytes &- 1))...].prefix(buffer.count &- filled)
            UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]).copyMemory(
                from: UnsafeRawBufferPointer(rebasing: rest))
            filled &+= rest.count
        }
    }

    private func page(_ index: Int) throws -> UnsafeRawBufferPointer {
        let place = index & (held.count &- 1)
        let start = place << Self.pageBits
        let count = min(Self.pageBytes, file.count &- index << Self.pageBits)
        let page = UnsafeMutableRawBufferPointer(rebasing: pages[start..<start &+ count])
        if held[place] != index {
            held[place] = -1
            try file.read(at: index << Self.pageBits, into: page)
            held[place] = index
        }
        return UnsafeRawBufferPointer(page)
    }
}
