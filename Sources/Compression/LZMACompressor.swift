internal import CLzma
import Primitives

/// Parameters of raw LZMA1, and the memory that unpacking it takes.
package struct LZMASettings: Hashable, Sendable {
    /// Literal context, literal position and position bits; `lc + lp` at most 4, `pb` at most 4.
    package var lc: Int
    package var lp: Int
    package var pb: Int
    /// Bytes of the dictionary, at least 4096.
    package var dictionaryBytes: Int

    package init(lc: Int = 3, lp: Int = 0, pb: Int = 0, dictionaryBytes: Int) {
        (self.lc, self.lp, self.pb, self.dictionaryBytes) = (lc, lp, pb, dictionaryBytes)
    }

    /// Calls `body` with liblzma's options for these settings. `preset` is what the dictionary holds at first.
    func withOptions<Result>(
        preset: UnsafeRawBufferPointer, _ body: (UnsafePointer<lzma_filter>) throws -> Result
    ) throws -> Result {
        var options = lzma_options_lzma()
        // Fails only for an unknown level.
        guard lzma_lzma_preset(&options, 9 | sceau_lzma_preset_extreme) == 0 else { throw CompressionFault(.failed) }
        (options.lc, options.lp, options.pb) = (UInt32(clamping: lc), UInt32(clamping: lp), UInt32(clamping: pb))
        options.dict_size = UInt32(clamping: max(dictionaryBytes, Int(sceau_lzma_smallest_dictionary)))
        options.depth = 1024
        if !preset.isEmpty {
            options.preset_dict = preset.baseAddress?.assumingMemoryBound(to: UInt8.self)
            options.preset_dict_size = UInt32(clamping: preset.count)
        }
        return try withUnsafeMutablePointer(to: &options) { pointer in
            var filters = [
                lzma_filter(id: sceau_lzma_filter_lzma1, options: UnsafeMutableRawPointer(pointer)),
                lzma_filter(id: sceau_lzma_filter_end, options: nil),
            ]
            return try filters.withUnsafeMutableBufferPointer { filters in
                // Never nil: there are two.
                guard let base = filters.baseAddress else { throw CompressionFault(.failed) }
                return try body(base)
            }
        }
    }
}

/// What a result of liblzma means, unless it is one of success.
func lzmaFault(_ result: lzma_ret) -> CompressionFault? {
    switch result {
    case LZMA_OK, LZMA_STREAM_END: nil
    case LZMA_MEM_ERROR: CompressionFault(.failed, found: "no memory")
    case LZMA_DATA_ERROR: CompressionFault(.corrupt)
    case LZMA_OPTIONS_ERROR: CompressionFault(.corrupt, found: "unknown parameters")
    default: CompressionFault(.failed, found: "liblzma says \(result.rawValue)")
    }
}

/// Packs whole buffers as raw LZMA1, as small as liblzma can.
package enum LZMACompressor {
    /// Zero bytes that a reader adds behind the end: what is packed ends where nothing but these is missing.
    package static let trailingZeros = 16

    /// `bytes` packed, without the first byte, which is always 0, the end marker, and bytes that zeros can stand for.
    package static func compress(_ bytes: [UInt8], _ settings: LZMASettings, preset: [UInt8] = []) throws -> [UInt8] {
        let packed = try bytes.withUnsafeBytes { input in
            try preset.withUnsafeBytes { preset in try encode(input, settings, preset: preset) }
        }
        return try shortened(Array(packed.dropFirst()), of: bytes, settings, preset: preset)
    }

    private static func encode(
        _ input: UnsafeRawBufferPointer, _ settings: LZMASettings, preset: UnsafeRawBufferPointer
    ) throws -> [UInt8] {
        try settings.withOptions(preset: preset) { filters in
            var stream = sceau_lzma_stream()
            if let fault = lzmaFault(lzma_raw_encoder(&stream, filters)) { throw fault }
            defer { lzma_end(&stream) }
            stream.next_in = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
            stream.avail_in = input.count
            var output: [UInt8] = []
            let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 64 << 10)
            defer { buffer.deallocate() }
            while true {
                stream.next_out = buffer.baseAddress
                stream.avail_out = buffer.count
                let result = lzma_code(&stream, LZMA_FINISH)
                if let fault = lzmaFault(result) { throw fault }
                output += buffer.prefix(buffer.count - stream.avail_out)
                if result == LZMA_STREAM_END { return output }
            }
        }
    }

    /// The fewest bytes that still unpack to `bytes`: the range coder's end is a number in an interval, and the end
    /// marker is never read.
    private static func shortened(
        _ packed: [UInt8], of bytes: [UInt8], _ settings: LZMASettings, preset: [UInt8]
    ) throws -> [UInt8] {
        func unpacks(_ candidate: [UInt8]) throws -> Bool {
            do {
                return try LZMADecompressor.decompress(candidate, count: bytes.count, settings, preset: preset) == bytes
            } catch let fault as CompressionFault where fault.code != .failed { return false }
        }
        // The end marker, and what is flushed, take no more than this. What can be cut, can be cut by less as well.
        var (low, high) = (max(0, packed.count - trailingZeros), packed.count)
        while low < high {
            let middle = (low + high) / 2
            if try unpacks(Array(packed[..<middle])) { high = middle } else { low = middle + 1 }
        }
        guard let rounded = roundedUp(packed, to: high - 1), try unpacks(rounded) else { return Array(packed[..<high]) }
        return rounded
    }

    /// The next larger number with `count` bytes.
    private static func roundedUp(_ packed: [UInt8], to count: Int) -> [UInt8]? {
        guard count > 0 else { return nil }
        var result = Array(packed[..<count])
        guard let last = result.lastIndex(where: { $0 != 255 }) else { return nil }
        result[last] += 1
        result.removeSubrange((last + 1)...)
        return result
    }
}
