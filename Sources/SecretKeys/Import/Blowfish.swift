/// Blowfish (Schneier, 1993) with the key schedule of bcrypt (Provos and Mazières, 1999), in memory that the caller owns.
///
/// Not for encrypting anything: only for `bcrypt_pbkdf`, that is, for reading other tools' keys. Loops and indices are
/// written plainly because a build without optimisation runs the innermost one some hundred million times.
struct Blowfish {
    private static let rounds = 16
    private static let subkeyCount = rounds + 2
    private static let boxSize = 256
    private static let wordCount = subkeyCount + 4 * boxSize
    static let byteCount = wordCount * 4

    /// The first digits of pi behind its point: 18 subkeys, then four boxes.
    private static let initialWords = Pi.fraction(wordCount: wordCount)

    /// Subkeys, then boxes.
    private let words: UnsafeMutablePointer<UInt32>

    /// Ready for the first `expand`. `room` holds `byteCount` bytes and outlives this value.
    init(_ room: UnsafeMutableRawBufferPointer) {
        // Both are about memory that `BcryptKDF.swift` sets aside, never about what a key file says.
        precondition(room.count >= Self.byteCount, "too little room for the tables")
        let bound = room.bindMemory(to: UInt32.self)
        _ = bound.update(fromContentsOf: Self.initialWords)
        guard let start = bound.baseAddress else { preconditionFailure("no room for the tables") }
        words = start
    }

    /// bcrypt's `ExpandKey`: mixes `key` into the subkeys, then replaces every word by what encrypting (with `salt`) gives.
    /// Both are of 64 bytes.
    func expand(key: UnsafeRawBufferPointer, salt: UnsafeRawBufferPointer?) {
        precondition(key.count == 64 && salt?.count ?? 64 == 64, "bcrypt_pbkdf hands digests of 64 bytes")
        var index = 0
        while index < Self.subkeyCount {
            words[index] ^= Self.word(key, index)
            index += 1
        }
        var left: UInt32 = 0
        var right: UInt32 = 0
        index = 0
        while index < Self.wordCount {
            if let salt {
                left ^= Self.word(salt, index)
                right ^= Self.word(salt, index + 1)
            }
            encrypt(&left, &right)
            words[index] = left
            words[index + 1] = right
            index += 2
        }
    }

    /// One block of two words, in place.
    func encrypt(_ left: inout UInt32, _ right: inout UInt32) {
        let boxes = words + Self.subkeyCount
        var (a, b) = (left ^ words[0], right)
        var round = 1
        while round <= 16 {
            b ^= words[round] ^ Self.mix(boxes, a)
            a ^= words[round + 1] ^ Self.mix(boxes, b)
            round += 2
        }
        left = b ^ words[17]
        right = a
    }

    @inline(__always)
    private static func mix(_ boxes: UnsafeMutablePointer<UInt32>, _ word: UInt32) -> UInt32 {
        let first = boxes[Int(truncatingIfNeeded: word &>> 24)]
        let second = boxes[256 &+ Int(truncatingIfNeeded: word &>> 16 & 0xFF)]
        let third = boxes[512 &+ Int(truncatingIfNeeded: word &>> 8 & 0xFF)]
        let fourth = boxes[768 &+ Int(truncatingIfNeeded: word & 0xFF)]
        return ((first &+ second) ^ third) &+ fourth
    }

    /// Word `index` of 64 bytes that repeat without end, most significant byte first.
    private static func word(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> UInt32 {
        UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: index % 16 * 4, as: UInt32.self))
    }
}
