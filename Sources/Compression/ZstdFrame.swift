internal import CZstd
import Primitives

/// Whole buffers as one bare zstd frame: without its magic bytes, a checksum, a dictionary id or the size of its content.
package enum ZstdFrame {
    /// What `compress` leaves out in front.
    package static let magic: [UInt8] = [0x28, 0xb5, 0x2f, 0xfd]

    /// `bytes` at the highest level, with a window of 2^`windowLog` bytes.
    package static func compress(_ bytes: [UInt8], windowLog: Int32) throws -> [UInt8] {
        guard let context = ZSTD_createCCtx() else { throw CompressionFault(.failed, found: "no memory") }
        defer { ZSTD_freeCCtx(context) }
        for (parameter, value) in [
            (ZSTD_c_compressionLevel, 22), (ZSTD_c_windowLog, windowLog), (ZSTD_c_contentSizeFlag, 0),
            (ZSTD_c_dictIDFlag, 0),
        ] { _ = try checked(ZSTD_CCtx_setParameter(context, parameter, value), .failed) }
        let packed = try [UInt8](unsafeUninitializedCapacity: ZSTD_compressBound(bytes.count)) { output, count in
            count = try bytes.withUnsafeBytes { input in
                try checked(
                    ZSTD_compress2(context, output.baseAddress, output.count, input.baseAddress, input.count), .failed)
            }
        }
        return Array(packed.dropFirst(magic.count))
    }
}
