import Primitives
import TransparencyLog

/// Cuts a bundle into its entries while it arrives: a bundle may have 16 MB, an entry 64 KB.
struct EntryStream {
    private var buffer: [UInt8] = []
    /// Entries still wanted.
    private var missing: Int

    /// - Parameter count: how many entries there must be, exactly.
    init(count: Int) {
        missing = count
    }

    /// Takes the next bytes and hands each entry that is whole to `take`. Throws `log/malformed-bundle` for anything after
    /// the last one, and whatever `take` throws.
    mutating func feed(_ bytes: UnsafeRawBufferPointer, _ take: ([UInt8]) throws -> Void) throws {
        buffer.append(contentsOf: bytes)
        var start = 0
        while let end = entryEnd(from: start) {
            guard missing > 0 else { break }
            missing -= 1
            try take(Array(buffer[(start + 2)..<end]))
            start = end
        }
        buffer.removeFirst(start)
        guard missing > 0 || buffer.isEmpty else {
            throw LogFault(.malformedBundle, found: "bytes after the last entry")
        }
    }

    /// Throws `log/malformed-bundle` unless every entry came.
    func finish() throws {
        guard missing == 0 else { throw LogFault(.malformedBundle, found: "an end \(missing) entries too early") }
    }

    /// Where the entry beginning at `start` ends, when it is here as a whole.
    private func entryEnd(from start: Int) -> Int? {
        guard buffer.count - start >= 2 else { return nil }
        let end = start + 2 + (Int(buffer[start]) << 8 | Int(buffer[start + 1]))
        return end <= buffer.count ? end : nil
    }
}
