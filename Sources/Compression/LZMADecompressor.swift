internal import CLzma
import Primitives

/// Unpacks what `LZMACompressor` packed, pulled by its reader from a source. Its memory is the dictionary's.
///
/// Not for use from two threads at once.
package final class LZMADecompressor {
    /// Fills the buffer with the next bytes and says how many; 0 at the end.
    package typealias Source = (UnsafeMutableRawBufferPointer) throws -> Int

    private let source: Source
    private let input: UnsafeMutableRawBufferPointer
    private let stream: UnsafeMutablePointer<lzma_stream>
    private var rest: Int
    private var isAtEnd = false

    /// Of `count` bytes in all.
    package init(
        count: Int, _ settings: LZMASettings, preset: [UInt8] = [], source: @escaping Source
    ) throws {
        self.source = source
        rest = count
        input = .allocate(byteCount: 16 << 10, alignment: 16)
        stream = .allocate(capacity: 1)
        stream.initialize(to: sceau_lzma_stream())
        let result = try preset.withUnsafeBytes { preset in
            try settings.withOptions(preset: preset) { lzma_raw_decoder(stream, $0) }
        }
        if let fault = lzmaFault(result) { throw fault }
        // The first byte of every LZMA stream.
        input[0] = 0
        stream.pointee.next_in = UnsafePointer(input.baseAddress?.assumingMemoryBound(to: UInt8.self))
        stream.pointee.avail_in = 1
    }

    deinit {
        lzma_end(stream)
        stream.deallocate()
        input.deallocate()
    }

    /// Fills all of `output` with the next bytes, or throws.
    package func read(into output: UnsafeMutableRawBufferPointer) throws {
        guard output.count <= rest else { throw CompressionFault(.truncated) }
        stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = output.count
        while stream.pointee.avail_out > 0 {
            if stream.pointee.avail_in == 0 { try refill() }
            let result = lzma_code(stream, LZMA_RUN)
            if let fault = lzmaFault(result) { throw fault }
            // An end marker before the end.
            if result == LZMA_STREAM_END, stream.pointee.avail_out > 0 { throw CompressionFault(.truncated) }
        }
        rest -= output.count
    }

    /// Throws unless all bytes were read and nothing is left of the packed ones.
    package func finish() throws {
        guard rest == 0 else { throw CompressionFault(.trailingBytes) }
        if isAtEnd { return }
        guard stream.pointee.avail_in == 0, try source(input) == 0 else { throw CompressionFault(.trailingBytes) }
    }

    private func refill() throws {
        var count = isAtEnd ? 0 : try source(input)
        if count <= 0 {
            // Zeros behind the end, once.
            guard !isAtEnd else { throw CompressionFault(.truncated) }
            isAtEnd = true
            count = LZMACompressor.trailingZeros
            for index in 0..<count { input[index] = 0 }
        }
        stream.pointee.next_in = UnsafePointer(input.baseAddress?.assumingMemoryBound(to: UInt8.self))
        stream.pointee.avail_in = min(count, input.count)
    }

    /// All of a packed buffer.
    package static func decompress(
        _ packed: [UInt8], count: Int, _ settings: LZMASettings, preset: [UInt8] = []
    ) throws -> [UInt8] {
        var rest = packed[...]
        let decompressor = try LZMADecompressor(count: count, settings, preset: preset) { buffer in
            let part = rest.prefix(buffer.count)
            buffer.copyBytes(from: part)
            rest = rest.dropFirst(part.count)
            return part.count
        }
        var bytes = [UInt8](repeating: 0, count: count)
        try bytes.withUnsafeMutableBytes { try decompressor.read(into: $0) }
        return bytes
    }
}
