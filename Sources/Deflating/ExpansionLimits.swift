/// What expanding a file, or making it again, may cost.
package struct ExpansionLimits: Sendable {
    /// Of a file as it is in the tree.
    package var fileBytes = 256 << 20
    /// Of a file with its deflated parts expanded.
    package var expandedBytes = 256 << 20
    /// How many times as large as the file the expanded one may be. Deflate itself ends at 1032.
    package var expansionFactor = 1100
    /// Deflated parts in one file.
    package var regions = 1 << 17
    /// A deflated part stays as it is when its recipe is larger than this part of it, which is given as its divisor.
    package var recipeDivisor = 16
    /// Candidates the search for matches may look at for each expanded byte, on average. Level 9 needs hundreds on data
    /// of long equal runs; a thousand times that is an attack.
    package var workPerByte = 1024
    /// The same for a whole file.
    package var work = 1 << 35
    /// What a small file, or a part of one, may cost.
    private static let leastWork = 1 << 22

    package init() {}

    /// What making so many expanded bytes again may cost.
    func work(_ count: Int) -> Int {
        let (product, overflow) = count.multipliedReportingOverflow(by: workPerByte)
        return overflow ? work : min(work, max(product, Self.leastWork))
    }

    /// Of a file with `fileCount` bytes.
    func expandedBytes(fileCount: Int) -> Int {
        let (product, overflow) = fileCount.multipliedReportingOverflow(by: expansionFactor)
        return overflow ? expandedBytes : min(expandedBytes, product)
    }
}
