/// The checksum of gzip and zip (RFC 1952, 8), eight bytes at a time.
enum CRC32 {
    /// `tables[256 * n + byte]`: what `byte` does to a checksum when n bytes follow it.
    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            tables[byte] = (0..<8).reduce(UInt32(byte)) { value, _ in
                value & 1 == 0 ? value >> 1 : value >> 1 ^ 0xEDB8_8320
            }
        }
        for index in 256..<tables.count {
            let before = tables[index - 256]
            tables[index] = before >> 8 ^ tables[Int(before & 0xFF)]
        }
        return tables
    }()

    static func checksum(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt32 {
        tables.withUnsafeBufferPointer { tables in
            var value = ~UInt32(0)
            var position = 0
            let raw = UnsafeRawBufferPointer(bytes)
            while bytes.count - position >= 8 {
                let word =
                    UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: position, as: UInt64.self)) ^ UInt64(value)
                value = 0
                for index in 0..<8 {
                    value ^= tables[(7 - index) << 8 | Int(truncatingIfNeeded: word >> UInt64(8 * index) & 0xFF)]
                }
                position += 8
            }
            for byte in bytes[position...] { value = value >> 8 ^ tables[Int(UInt8(truncatingIfNeeded: value) ^ byte)] }
            return ~value
        }
    }
}
