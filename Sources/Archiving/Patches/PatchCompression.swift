import Compression
import Dispatch
import Patching
import Primitives

/// The compressors that `Patching` asks for.
package struct PatchCompression: StreamPacker, StreamUnpacker {
    /// One at a time: the other core is the reader's.
    private let queue = DispatchQueue(label: "streams of a patch")

    package init() {}

    package func pack(_ bytes: [UInt8], as packing: Packing, window: Int, dictionary: [UInt8]) throws -> [UInt8] {
        switch packing {
        case .stored: bytes
        case .zstd: try ZstdFrame.compress(bytes, windowLog: window.windowLog)
        case .lzma(let parameters):
            try LZMACompressor.compress(bytes, LZMASettings(parameters, window: window), preset: dictionary)
        }
    }

    package func open(
        _ packing: Packing, count: Int, window: Int, isReadInParts: Bool, source: PackedPiece
    ) throws -> any UnpackedStream {
        if case .lzma(let parameters) = packing {
            let settings = LZMASettings(parameters, window: window)
            let stream = LZMAStream(try LZMADecompressor(count: count, settings, source: source.inOrder))
            guard isReadInParts, count > StreamAhead.fewBytes else { return stream }
            return StreamAhead(stream, count: count, on: queue)
        }
        return try ZstdStream(count: count, windowLog: window.windowLog, source: source.inOrder)
    }
}

extension LZMASettings {
    fileprivate init(_ parameters: LZMAParameters, window: Int) {
        self.init(
            lc: parameters.lc, lp: parameters.lp, pb: parameters.pb, dictionaryBytes: window)
    }
}

extension Int {
    /// Of the smallest zstd window that holds so many bytes.
    fileprivate var windowLog: Int32 {
        (10...27).first { 1 << $0 >= self } ?? 27
    }
}

private final class LZMAStream: UnpackedStream {
    private let decompressor: LZMADecompressor

    init(_ decompressor: LZMADecompressor) { self.decompressor = decompressor }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws { try decompressor.read(into: buffer) }
    func finish() throws { try decompressor.finish() }
}

private final class ZstdStream: UnpackedStream {
    private let decompressor: ZstdDecompressor
    private var rest: Int

    init(count: Int, windowLog: Int32, source: @escaping PackedPiece.Reader) throws {
        rest = count
        var magic = ZstdFrame.magic[...]
        decompressor = try ZstdDecompressor(
            limits: ZstdLimits(outputBytes: count, windowLog: windowLog)
        ) { buffer in
            guard let byte = magic.popFirst() else { return try source(buffer) }
            buffer[0] = byte
            return 1
        }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws {
        guard buffer.count <= rest else { throw CompressionFault(.truncated) }
        var filled = 0
        while filled < buffer.count {
            let count = try decompressor.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
            guard count > 0 else { throw CompressionFault(.truncated) }
            filled += count
        }
        rest -= filled
    }

    func finish() throws {
        guard rest == 0 else { throw CompressionFault(.trailingBytes) }
        // One byte more than there may be: also checks the frame's end.
        let one = UnsafeMutableRawBufferPointer.allocate(byteCount: 1, alignment: 1)
        defer { one.deallocate() }
        guard try decompressor.read(into: one) == 0 else { throw CompressionFault(.trailingBytes) }
    }
}
