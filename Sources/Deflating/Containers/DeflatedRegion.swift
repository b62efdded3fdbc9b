/// A deflated part of a file.
struct DeflatedRegion {
    /// Where it begins.
    let start: Int
    /// How long it must be, where the container says so.
    let byteCount: Int?
    /// Whether checksum and length of what it stands for follow, as in gzip.
    let hasTrailer: Bool
    let hint: CompressorHint
}

/// The kinds of files whose deflated parts we know how to find.
enum Container {
    case gzip
    /// By rising position.
    case zip([DeflatedRegion])

    /// Nil when `file` is of no kind we know.
    init?(_ file: UnsafeBufferPointer<UInt8>, _ limits: ExpansionLimits) {
        if GzipHeader(file, at: 0) != nil {
            self = .gzip
        } else if let regions = ZipDirectory.deflatedRegions(file, limits), !regions.isEmpty {
            self = .zip(regions)
        } else {
            return nil
        }
    }

    /// The first region behind the first `count`, which ended at `position` with all that belongs to them.
    func region(_ file: UnsafeBufferPointer<UInt8>, number count: Int, behind position: Int) -> DeflatedRegion? {
        switch self {
        case .gzip:
            guard let header = GzipHeader(file, at: position) else { return nil }
            return DeflatedRegion(start: header.end, byteCount: nil, hasTrailer: true, hint: header.hint)
        case .zip(let regions):
            return count < regions.count ? regions[count] : nil
        }
    }
}
