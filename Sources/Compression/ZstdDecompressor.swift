internal import CZstd
import Primitives

/// What unpacking may cost before it is refused.
package struct ZstdLimits: Sendable {
    /// Bytes of output.
    package var outputBytes: Int
    /// Logarithm of the largest window, which is what unpacking needs in memory: 27 is 128 MiB.
    package var windowLog: Int32

    package init(outputBytes: Int, windowLog: Int32 = Int32(ZstdSettings.maximumWindowLog)) {
        self.outputBytes = outputBytes
        self.windowLog = windowLog
    }
}

/// Unpacks exactly one zstd frame, pulled by its reader from a source. Not for use from two threads at once.
///
/// Refused: a second frame or anything else behind the first, a missing end, a window or output beyond the limits.
package final class ZstdDecompressor {
    /// Fills the buffer with the next bytes and says how many; 0 at the end.
    package typealias Source = (UnsafeMutableRawBufferPointer) throws -> Int

    private let limits: ZstdLimits
    private let source: Source
    private let context: OpaquePointer
    private let buffer: UnsafeMutableRawBufferPointer
    /// What of `buffer` is not yet unpacked.
    private var pending = 0..<0
    private var produced = 0
    private var isFinished = false

    package init(limits: ZstdLimits, source: @escaping Source) throws(CompressionFault) {
        guard let context = ZSTD_createDCtx() else { throw CompressionFault(.failed, found: "no memory") }
        self.limits = limits
        self.source = source
        self.context = context
        buffer = .allocate(byteCount: ZSTD_DStreamInSize(), alignment: 16)
        _ = try checked(ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, limits.windowLog), .failed)
    }

    deinit {
        ZSTD_freeDCtx(context)
        buffer.deallocate()
    }

    /// Fills `output` with the next bytes and says how many; fewer than asked only before the end, 0 at the end, which
    /// has then been checked. Throws `CompressionFault`, or what the source throws.
    package func read(into output: UnsafeMutableRawBufferPointer) throws -> Int {
        var out = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
        while out.pos < out.size, !isFinished {
            var input = ZSTD_inBuffer(src: buffer.baseAddress, size: pending.upperBound, pos: pending.lowerBound)
            let hint = try checked(ZSTD_decompressStream(context, &out, &input), .corrupt)
            pending = input.pos..<pending.upperBound
            if hint == 0 {
                try checkEnd()
            } else if pending.isEmpty, out.pos < out.size {
                // Room is left, so nothing waits inside libzstd: it needs more.
                guard try refill() else { throw CompressionFault(.truncated) }
            }
        }
        produced += out.pos
        guard produced <= limits.outputBytes else {
            throw CompressionFault(.outputTooLarge, expected: "at most \(limits.outputBytes) bytes")
        }
        return out.pos
    }

    private func refill() throws -> Bool {
        let count = try source(buffer)
        pending = 0..<min(max(count, 0), buffer.count)
        return !pending.isEmpty
    }

    private func checkEnd() throws {
        isFinished = true
        guard pending.isEmpty, try !refill() else { throw CompressionFault(.trailingBytes) }
    }
}
