/// What follows the deflated stream in a gzip member (RFC 1952, 2.3.1).
enum GzipTrailer {
    static let count = 8

    /// Checksum and length of `data`.
    static func bytes(_ data: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        let numbers = UInt64(CRC32.checksum(data)) | UInt64(UInt32(truncatingIfNeeded: data.count)) << 32
        return withUnsafeBytes(of: numbers.littleEndian, Array.init)
    }
}
