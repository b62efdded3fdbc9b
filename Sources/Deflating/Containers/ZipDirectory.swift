/// The deflated entries of a zip file (APPNOTE.TXT 6.3, 4.3), which is also what wheels and jars are. No zip64.
enum ZipDirectory {
    private static let (endSignature, entrySignature, localSignature) = (0x0605_4B50, 0x0201_4B50, 0x0403_4B50)
    private static let (endCount, entryCount, localCount) = (22, 46, 30)
    private static let longestComment = 0xFFFF
    private static let deflated = 8
    private static let encrypted = 1
    /// A recipe would not be smaller than the entry.
    private static let smallest = 32

    /// By rising position; nil when `file` is no zip file or its entries overlap.
    static func deflatedRegions(_ file: UnsafeBufferPointer<UInt8>, _ limits: ExpansionLimits) -> [DeflatedRegion]? {
        guard file.count >= endCount, number(file, 0, 2) == 0x4B50, let end = end(file) else { return nil }
        let count = number(file, end + 10, 2)
        var position = number(file, end + 16, 4)
        guard count <= limits.regions else { return nil }
        var regions: [DeflatedRegion] = []
        for _ in 0..<count {
            guard position + entryCount <= end, number(file, position, 4) == entrySignature else { return nil }
            if let region = region(file, position) { regions.append(region) }
            position +=
                entryCount
                + number(file, position + 28, 2) + number(file, position + 30, 2) + number(file, position + 32, 2)
        }
        regions.sort { $0.start < $1.start }
        return areApart(regions) ? regions : nil
    }

    /// The end record, with its comment to the last byte of the file.
    private static func end(_ file: UnsafeBufferPointer<UInt8>) -> Int? {
        let last = file.count - endCount
        return (max(0, last - longestComment)...last).last {
            number(file, $0, 4) == endSignature && number(file, $0 + 20, 2) == last - $0
        }
    }

    /// Of the entry at `position` of the directory; nil when it is not deflated or not where it should be.
    private static func region(_ file: UnsafeBufferPointer<UInt8>, _ position: Int) -> DeflatedRegion? {
        let flags = number(file, position + 8, 2)
        let byteCount = number(file, position + 20, 4)
        let local = number(file, position + 42, 4)
        guard number(file, position + 10, 2) == deflated, flags & encrypted == 0, byteCount >= smallest,
            local + localCount <= file.count, number(file, local, 4) == localSignature
        else { return nil }
        let start = local + localCount + number(file, local + 26, 2) + number(file, local + 28, 2)
        guard start + byteCount <= file.count else { return nil }
        var hint = CompressorHint()
        switch flags >> 1 & 3 {
        case 1: hint.levels = [9, 8, 7, 6, 5, 4, 3, 2, 1]
        case 2, 3: hint.levels = [1, 2, 3, 4, 5, 6, 7, 8, 9]
        default: break
        }
        return DeflatedRegion(start: start, byteCount: byteCount, hasTrailer: false, hint: hint)
    }

    private static func areApart(_ regions: [DeflatedRegion]) -> Bool {
        zip(regions, regions.dropFirst()).allSatisfy { $0.start + ($0.byteCount ?? 0) <= $1.start }
    }

    /// A number of `count` bytes, the lowest first. They are in the file.
    private static func number(_ file: UnsafeBufferPointer<UInt8>, _ position: Int, _ count: Int) -> Int {
        (0..<count).reduce(0) { $0 | Int(file[position + $1]) << (8 * $1) }
    }
}
