import Primitives

/// Makes a file again from its expanded bytes.
struct Contractor {
    private let expanded: UnsafeBufferPointer<UInt8>
    private let limits: ExpansionLimits
    private var output: [UInt8] = []
    private var position = 0
    /// What of the allowance is left.
    private(set) var work: Int

    /// `expanded` must outlive this. `work` is what all parts together may cost.
    init(_ expanded: UnsafeBufferPointer<UInt8>, _ limits: ExpansionLimits, work: Int) {
        self.expanded = expanded
        self.limits = limits
        self.work = min(work, limits.work(expanded.count))
    }

    mutating func run(_ recipe: [UInt8]) throws(DeflatingFault) -> [UInt8] {
        var regions = try RegionReader(recipe, expandedCount: expanded.count, limits)
        // One at a time: a list of corrections takes many times the bytes it is written in.
        while let region = try regions.next() {
            try append(take(region.verbatimCount))
            let data = take(region.dataCount)
            let stream = try region.recipe.deflate(data, byteLimit: limits.fileBytes - output.count, work: &work)
            try stream.withUnsafeBufferPointer { buffer throws(DeflatingFault) in try append(buffer) }
            if region.hasTrailer { output += GzipTrailer.bytes(data) }
        }
        try append(take(expanded.count - position))
        return output
    }

    /// The next `count` expanded bytes, which are there: the list of regions was read with that limit.
    private mutating func take(_ count: Int) -> UnsafeBufferPointer<UInt8> {
        let start = position
        position = min(position + count, expanded.count)
        return UnsafeBufferPointer(rebasing: expanded[start..<position])
    }

    private mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) throws(DeflatingFault) {
        guard bytes.count <= limits.fileBytes - output.count else {
            throw DeflatingFault(.tooLarge, expected: "\(limits.fileBytes) bytes at most")
        }
        output.append(contentsOf: bytes)
    }
}
