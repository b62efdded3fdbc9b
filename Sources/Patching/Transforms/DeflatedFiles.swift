import Deflating

/// Which files are expanded before they are compared.
enum DeflatedFiles {
    /// Expanded files are held in memory, and those that are larger than this are not: neither here nor by the reader.
    private static let fileBytes = 16 << 20
    /// Old and new file together, expanded, when they may be packed as text.
    static let textBytes = 4 << 20
    private static let magics: [[UInt8]] = [[0x1f, 0x8b], [0x50, 0x4b, 3, 4]]

    /// Nil unless it is a gzip or zip file that can be made again.
    static func expand(_ bytes: UnsafeBufferPointer<UInt8>) -> Expansion? {
        guard bytes.count <= fileBytes, magics.contains(where: { bytes.starts(with: $0) }) else { return nil }
        var limits = ExpansionLimits()
        limits.expandedBytes = 4 * fileBytes
        return Expansion.expand(Array(bytes), limits: limits)
    }
}
