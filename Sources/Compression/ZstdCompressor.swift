internal import CZstd
import Primitives

/// How hard zstd works. Equal settings and bytes give equal output with one libzstd version, on any number of cores:
/// the cuts between the workers' jobs depend on `jobBytes` alone, and there is always more than one worker's code path.
package struct ZstdSettings: Sendable {
    /// The window of level 19 is 8 MiB: what unpacking needs in memory.
    package static let maximumWindowLog = 27

    package var level: Int32 = 19
    package var windowLog: Int32 = 23
    package var workers: Int32 = 2
    package var jobBytes: Int32 = 8 << 20

    package init() {}
}

/// Compresses a stream into one zstd frame with a checksum. Not for use from two threads at once.
package final class ZstdCompressor {
    package typealias Sink = (UnsafeRawBufferPointer) throws -> Void

    private let context: OpaquePointer
    private let output: UnsafeMutableRawBufferPointer

    package init(_ settings: ZstdSettings = ZstdSettings()) throws(CompressionFault) {
        guard let context = ZSTD_createCCtx() else { throw CompressionFault(.failed, found: "no memory") }
        self.context = context
        output = .allocate(byteCount: ZSTD_CStreamOutSize(), alignment: 16)
        try set(ZSTD_c_compressionLevel, settings.level)
        try set(ZSTD_c_windowLog, min(settings.windowLog, Int32(ZstdSettings.maximumWindowLog)))
        try set(ZSTD_c_checksumFlag, 1)
        // Without workers libzstd cuts nothing and the bytes would differ: never fewer than one.
        try set(ZSTD_c_nbWorkers, max(1, settings.workers))
        try set(ZSTD_c_jobSize, settings.jobBytes)
    }

    deinit {
        ZSTD_freeCCtx(context)
        output.deallocate()
    }

    /// Takes all of `bytes`; hands what is ready to `sink`, whose buffer is valid only during the call.
    package func append(_ bytes: UnsafeRawBufferPointer, to sink: Sink) throws {
        var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
        while input.pos < input.size { _ = try step(&input, ZSTD_e_continue, sink) }
    }

    /// Ends the frame.
    package func finish(to sink: Sink) throws {
        // Always without input: libzstd would take a whole input that comes with the end for a known total size.
        var input = ZSTD_inBuffer(src: nil, size: 0, pos: 0)
        while try step(&input, ZSTD_e_end, sink) > 0 {}
    }

    private func step(_ input: inout ZSTD_inBuffer, _ directive: ZSTD_EndDirective, _ sink: Sink) throws -> Int {
        var buffer = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
        let remaining = try checked(ZSTD_compressStream2(context, &buffer, &input, directive), .failed)
        if buffer.pos > 0 { try sink(UnsafeRawBufferPointer(rebasing: output[..<buffer.pos])) }
        return remaining
    }

    private func set(_ parameter: ZSTD_cParameter, _ value: Int32) throws(CompressionFault) {
        _ = try checked(ZSTD_CCtx_setParameter(context, parameter, value), .failed)
    }
}
